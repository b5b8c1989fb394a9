import { type Axes, without } from '../results/axes.ts';
import type { CellResult } from '../results/schema.ts';
import type { WordStream } from '../shared/random.ts';
import { lengthRows } from './predicted.ts';
import {
  type Curve,
  crossing,
  curvesOf,
  isBetween,
  meansOf,
  type RequiredLength,
  redraw,
  residualsOf,
  slope,
  slopeOfLogs,
  slopeRange,
  slopesWithin,
  spanOf,
  withoutNoise,
} from './required.ts';
import { type Interval, resampled } from './statistics.ts';

/** How N* grows with 1/e, e = √ε the root mean square error of a plateau of ε: the exponent of a power law. */
export interface ErrorExponent {
  /** Axes without seed and training length. */
  axes: Axes;
  /** ε with an N* between trained lengths whatever the seeds: those that the fit is through. */
  epsilons: number[];
  /** Null for fewer than two of them. */
  measured: number | null;
  /** 95 %, over seeds and over where between trained lengths each N* lies. */
  interval: Interval | null;
  /** Of log10 N of each bound that applies, over the same errors, for the trained weights. Null: not finite. */
  predicted: { name: string; exponent: number | null }[];
}

/** How that exponent changes along a knob. */
export interface ExponentChange {
  /** Other axes, in common. */
  axes: Axes;
  /** ε that count for every value of the knob. */
  epsilons: number[];
  /** Ascending. */
  values: { value: number; exponent: number | null }[];
  /** Change of the exponent a doubling of the knob; null for fewer than two ε. */
  measured: number | null;
  /** 95 %, as above. */
  interval: Interval | null;
}

/** The exponent of N* in 1/√ε of every setting of the knobs, whose N*(ε) are given. */
export function errorExponents(
  cells: readonly CellResult[],
  required: readonly RequiredLength[],
): ErrorExponent[] {
  const between = epsilonsBetween(required);
  const epsilons = [...new Set(required.map(({ epsilon }) => epsilon))];
  const rows = bySetting(lengthRows(cells, epsilons));
  return curvesOf(cells).map(({ axes, curve }) => {
    const key = JSON.stringify(axes);
    const own = between.get(key) ?? [];
    const bounds = (rows.get(key) ?? []).filter(({ epsilon }) => own.includes(epsilon));
    const names = new Set(bounds.flatMap(({ predicted }) => predicted.map(({ name }) => name)));
    return {
      axes,
      epsilons: own,
      ...exponentOf(curve, own),
      predicted: [...names].map(name => ({
        name,
        exponent: slopeOfLogs(
          bounds.map(({ epsilon, predicted }) => ({
            value: inverseError(epsilon),
            log10: predicted.find(bound => bound.name === name)?.log10N ?? null,
          })),
        ),
      })),
    };
  });
}

/** How the exponent changes along a knob, at errors that every one of its values has an N* for. */
export function exponentChanges(
  cells: readonly CellResult[],
  knob: string,
  required: readonly RequiredLength[],
): ExponentChange[] {
  const between = epsilonsBetween(required);
  const lines = new Map<string, Entry[]>();
  for (const { axes, curve } of curvesOf(cells)) {
    const value = axes[knob];
    if (typeof value !== 'number' || value <= 0 || curve.length === 0) continue;
    const key = JSON.stringify(without(axes, knob));
    lines.set(key, [...(lines.get(key) ?? []), { axes, value, curve, bank: residualsOf(curve) }]);
  }
  return [...lines.values()].flatMap(line => {
    if (line.length < 2) return [];
    const entries = line.sort((a, b) => a.value - b.value);
    const own = entries.map(({ axes }) => between.get(JSON.stringify(axes)) ?? []);
    const common = own[0]!.filter(epsilon => own.every(others => others.includes(epsilon)));
    const exponents = entries.map(({ curve }) => exponentThrough(meansOf(curve), common));
    return [
      {
        axes: without(entries[0]!.axes, knob),
        epsilons: common,
        values: entries.map(({ value }, i) => ({ value, exponent: exponents[i]! })),
        ...(common.length < 2 ? UNFITTED : changeOf(entries, common, exponents as number[])),
      },
    ];
  });
}

/** Where there is nothing to fit. */
const UNFITTED = { measured: null, interval: null };
/** Ends of what a redrawn curve does not have. */
const NONE: Interval = [Number.NaN, Number.NaN];

/** A value of a knob with its curve. */
interface Entry {
  axes: Axes;
  value: number;
  curve: Curve;
  bank: number[];
}

/** The slope of exponents against log2 of a knob. */
function changeOf(
  entries: readonly Entry[],
  epsilons: readonly number[],
  exponents: readonly number[],
): Pick<ExponentChange, 'measured' | 'interval'> {
  const slopeThrough = (ranges: readonly Interval[]) =>
    slopeRange(
      entries.map(({ value }, i) => ({ x: Math.log2(value), low: ranges[i]![0], high: ranges[i]![1] })),
    )!;
  const units = entries.reduce((sum, { bank }) => sum + bank.length, 0);
  const ends = resampled(units, stream => {
    const ranges = entries.map(({ curve, bank }) => rangeOf(curve, bank, epsilons, stream) ?? NONE);
    return slopeThrough(ranges);
  });
  return {
    measured: slopeThrough(exponents.map(exponent => [exponent, exponent]))[0],
    interval: withoutNoise(spanOf(ends[0]!, ends[1]!)),
  };
}

const inverseError = (epsilon: number) => epsilon ** -0.5;

/** Rows by their axes. */
function bySetting<Row extends { axes: Axes }>(rows: readonly Row[]): Map<string, Row[]> {
  const settings = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify(row.axes);
    const own = settings.get(key) ?? [];
    own.push(row);
    settings.set(key, own);
  }
  return settings;
}

/** ε with an N* between trained lengths, by setting. */
function epsilonsBetween(required: readonly RequiredLength[]): Map<string, number[]> {
  const settings = [...bySetting(required.filter(isBetween))];
  return new Map(settings.map(([key, rows]) => [key, rows.map(({ epsilon }) => epsilon)]));
}

function exponentOf(curve: Curve, epsilons: readonly number[]): Pick<ErrorExponent, 'measured' | 'interval'> {
  if (epsilons.length < 2) return UNFITTED;
  const bank = residualsOf(curve);
  const ends = resampled(bank.length, stream => rangeOf(curve, bank, epsilons, stream) ?? NONE);
  return {
    measured: exponentThrough(meansOf(curve), epsilons),
    interval: withoutNoise(spanOf(ends[0]!, ends[1]!)),
  };
}

const crossings = (points: ReturnType<typeof meansOf>, epsilons: readonly number[]) =>
  epsilons.map(epsilon => ({ value: inverseError(epsilon), ...crossing(points, Math.log(epsilon)) }));

const exponentThrough = (points: ReturnType<typeof meansOf>, epsilons: readonly number[]) =>
  slope(crossings(points, epsilons));

/** The least and the largest exponent that a redrawn curve can have. */
function rangeOf(curve: Curve, bank: readonly number[], epsilons: readonly number[], stream: WordStream) {
  return slopesWithin(crossings(redraw(curve, bank, stream), epsilons));
}
