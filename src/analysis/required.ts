import { linearRegression } from 'simple-statistics';
import type { CellResult } from '../results/schema.ts';
import { below, type WordStream } from '../shared/random.ts';
import { plateauOf } from './plateau.ts';
import { lengthRows } from './predicted.ts';
import { type Interval, meanOf, resampled, studentOverNormal } from './statistics.ts';

/** N*(ε): the least training length whose plateau is at most ε, interpolated in log-log between trained lengths. */
export interface RequiredLength {
  /** Axes without seed and training length. */
  axes: CellResult['axes'];
  epsilon: number;
  /** Interpolated. Null where no trained length reaches ε (`above`), or the shortest one does already (`below`). */
  length: number | null;
  censored: 'above' | 'below' | null;
  /**
   * 95 %, residual bootstrap over seeds; null with a single seed. It covers the grid too: all that is known of a string of seeds is between
   * which two trained lengths its N* lies, so the interval runs from the shorter ones to the longer ones. 0 and ∞ stand for shorter and
   * longer than was trained.
   */
  interval: Interval | null;
  shortest: number;
  longest: number;
}

/** Whether N* lies between the shortest and the longest training length, whatever the seeds. */
export function isBetween({ interval }: RequiredLength): boolean {
  return interval !== null && interval[0] > 0 && interval[1] < Infinity;
}

/** How N*(ε) grows with a knob, beside how the bounds do: exponents of power laws. */
export interface LengthExponent {
  knob: string;
  /** Other axes, in common. */
  axes: CellResult['axes'];
  epsilon: number;
  /** Null where fewer than two values of the knob have an N*. */
  measured: number | null;
  /** 95 %, over seeds and over where between trained lengths each N* lies. */
  interval: Interval | null;
  /** Values of the knob that have an N*, of all. */
  values: { used: number; all: number };
  /** Of log10 N of each bound that applies, at error √ε, for the trained weights. Null: not finite. */
  predicted: { name: string; exponent: number | null }[];
}

/** Log plateaus of a setting by training length, ascending. */
export type Curve = { length: number; logs: number[] }[];
/** A mean log plateau at a training length. */
interface Point {
  length: number;
  y: number;
}

/** N*(ε) of every setting of the knobs. Diverged seeds have no plateau and take no part. */
export function requiredLengths(cells: readonly CellResult[], epsilons: readonly number[]): RequiredLength[] {
  return curvesOf(cells).flatMap(({ axes, curve }) => {
    if (curve.length === 0) return [];
    const bank = residualsOf(curve);
    const logs = epsilons.map(Math.log);
    const ends =
      bank.length === 0
        ? null
        : resampled(bank.length, stream => {
            const points = redraw(curve, bank, stream);
            return logs.flatMap(log => {
              const { after, upTo } = crossing(points, log);
              return [after, upTo];
            });
          });
    return epsilons.map((epsilon, e) => {
      const { length } = crossing(meansOf(curve), logs[e]!);
      return {
        axes,
        epsilon,
        length: isFound({ length }) ? length : null,
        censored: length === 0 ? 'below' : length === Infinity ? 'above' : null,
        interval: ends && spanOf(ends[2 * e]!, ends[2 * e + 1]!),
        shortest: curve[0]!.length,
        longest: curve.at(-1)!.length,
      };
    });
  });
}

/** Exponents of N*(ε) against every knob that has more than one value. */
export function lengthExponents(
  cells: readonly CellResult[],
  knobs: readonly string[],
  epsilons: readonly number[],
): LengthExponent[] {
  const rows = lengthRows(cells, epsilons);
  return knobs.flatMap(knob => {
    const groups = new Map<string, { value: number; curve: Curve; bank: number[] }[]>();
    for (const { axes, curve } of curvesOf(cells)) {
      const { [knob]: value, ...others } = axes;
      if (typeof value !== 'number' || value <= 0 || curve.length === 0) continue;
      const key = JSON.stringify(others);
      groups.set(key, [...(groups.get(key) ?? []), { value, curve, bank: residualsOf(curve) }]);
    }
    return [...groups].flatMap(([key, entries]) => {
      if (entries.length < 2) return [];
      const logs = epsilons.map(Math.log);
      const means = entries.map(({ value, curve }) => ({ value, points: meansOf(curve) }));
      const seeds = entries.every(({ bank }) => bank.length > 0);
      const units = entries.reduce((sum, { bank }) => sum + bank.length, 0);
      const ends =
        seeds &&
        resampled(units, stream => {
          const drawn = entries.map(({ value, curve, bank }) => ({
            value,
            points: redraw(curve, bank, stream),
          }));
          return logs.flatMap(log => slopesWithin(crossings(drawn, log)) ?? [Number.NaN, Number.NaN]);
        });
      return epsilons.map((epsilon, e) => {
        const found = crossings(means, logs[e]!);
        const measured = slope(found);
        return {
          knob,
          axes: JSON.parse(key) as CellResult['axes'],
          epsilon,
          measured,
          interval: measured === null || !ends ? null : withoutNoise(spanOf(ends[2 * e]!, ends[2 * e + 1]!)),
          values: { used: found.filter(isFound).length, all: found.length },
          predicted: predictedExponents(
            rows.filter(row => row.epsilon === epsilon),
            knob,
            key,
          ),
        };
      });
    });
  });
}

/** Slopes of the bounds' log10 N over the rows that share all axes but the knob. */
function predictedExponents(
  rows: ReturnType<typeof lengthRows>,
  knob: string,
  key: string,
): LengthExponent['predicted'] {
  const own = rows.filter(({ axes: { [knob]: _, ...others } }) => JSON.stringify(others) === key);
  const names = new Set(own.flatMap(({ predicted }) => predicted.map(({ name }) => name)));
  return [...names].map(name => ({
    name,
    exponent: slopeOfLogs(
      own.map(({ axes, predicted }) => ({
        value: Number(axes[knob]),
        log10: predicted.find(bound => bound.name === name)?.log10N ?? null,
      })),
    ),
  }));
}

export function curvesOf(cells: readonly CellResult[]): { axes: CellResult['axes']; curve: Curve }[] {
  const settings = new Map<string, { axes: CellResult['axes']; byLength: Map<number, number[]> }>();
  for (const cell of cells) {
    const { seed: _, 'train.length': N, ...axes } = cell.axes;
    const key = JSON.stringify(axes);
    const entry = settings.get(key) ?? { axes, byLength: new Map<number, number[]>() };
    settings.set(key, entry);
    const plateau = plateauOf(cell);
    if (plateau) entry.byLength.set(Number(N), [...(entry.byLength.get(Number(N)) ?? []), Math.log(plateau)]);
  }
  return [...settings.values()].map(({ axes, byLength }) => ({
    axes,
    curve: [...byLength].map(([length, logs]) => ({ length, logs })).sort((a, b) => a.length - b.length),
  }));
}

export function meansOf(curve: Curve): Point[] {
  return curve.map(({ length, logs }) => ({ length, y: meanOf(logs) }));
}

/**
 * Deviations of seeds from the mean of their training length, to redraw means from. All lengths of a curve share them: three seeds alone
 * say too little of their spread. Scaled by √(n / (n − 1)), so that their variance is the seeds' own, and widened to Student's t on what
 * degrees of freedom they have.
 */
export function residualsOf(curve: Curve): number[] {
  const spread = curve.filter(({ logs }) => logs.length > 1);
  const freedom = spread.reduce((sum, { logs }) => sum + logs.length - 1, 0);
  return spread.flatMap(({ logs }) => {
    const mean = meanOf(logs);
    const n = logs.length;
    return logs.map(log => (log - mean) * Math.sqrt(n / (n - 1)) * studentOverNormal(freedom));
  });
}

/** Mean log plateaus as other seeds might have given them. */
export function redraw(curve: Curve, bank: readonly number[], stream: WordStream): Point[] {
  return curve.map(({ length, logs }) => {
    let sum = 0;
    for (let i = 0; i < logs.length; i++) sum += bank[below(stream.next(), bank.length)]!;
    return { length, y: meanOf(logs) + sum / logs.length };
  });
}

/** Where a curve first comes down to a log plateau. */
export interface Crossing {
  /** Interpolated in log-log: 0 at once, Infinity never. */
  length: number;
  /**
   * The trained lengths that it lies between: the last that does not reach it (0: the first does), and the first that does (Infinity:
   * none).
   */
  after: number;
  upTo: number;
}

export function crossing(points: readonly Point[], log: number): Crossing {
  const first = points.findIndex(({ y }) => y <= log);
  if (first < 0) return { length: Infinity, after: points.at(-1)!.length, upTo: Infinity };
  const b = points[first]!;
  if (first === 0) return { length: 0, after: 0, upTo: b.length };
  const a = points[first - 1]!;
  return {
    length: a.length * (b.length / a.length) ** ((a.y - log) / (a.y - b.y)),
    after: a.length,
    upTo: b.length,
  };
}

/** Where the curves of some values of a knob come down to a log plateau. */
function crossings(curves: readonly { value: number; points: Point[] }[], log: number) {
  return curves.map(({ value, points }) => ({ value, ...crossing(points, log) }));
}

/** From the low end of one interval to the high end of another. */
export function spanOf(low: Interval | null, high: Interval | null): Interval | null {
  return low && high && [low[0], high[1]];
}

/** Exponents without what sums of logarithms leave in their last digits: 0 and not −2e-16. */
export function withoutNoise(interval: Interval | null): Interval | null {
  return interval && [Math.round(interval[0] * 1e12) / 1e12, Math.round(interval[1] * 1e12) / 1e12];
}

/**
 * The least and the largest log-log slope that lengths between their trained neighbours can have; undefined for fewer than two that were
 * found.
 */
export function slopesWithin(found: ({ value: number } & Crossing)[]): Interval | undefined {
  return slopeRange(
    found.filter(isFound).map(({ value, after, upTo }) => ({
      x: Math.log(value),
      low: Math.log(after),
      high: Math.log(upTo),
    })),
  );
}

/** The least and the largest least-squares slope through points whose ordinates lie between two ends; undefined for fewer than two. */
export function slopeRange(points: { x: number; low: number; high: number }[]): Interval | undefined {
  if (points.length < 2) return undefined;
  const middle = meanOf(points.map(({ x }) => x));
  const squares = points.reduce((sum, { x }) => sum + (x - middle) ** 2, 0);
  // A least-squares slope is a weighted sum of the ordinates: each end takes the one that its weight asks for.
  const ends = points.map(({ x, low, high }) => {
    const weight = (x - middle) / squares;
    return [Math.min(weight * low, weight * high), Math.max(weight * low, weight * high)] as const;
  });
  return [ends.reduce((sum, [low]) => sum + low, 0), ends.reduce((sum, [, high]) => sum + high, 0)];
}

const isFound = ({ length }: { length: number }) => length > 0 && length < Infinity;

/** Log-log slope over the values of a knob that have an N*; null for fewer than two. */
export function slope(found: { value: number; length: number }[]): number | null {
  return slopeOfLogs(
    found.map(each => ({ value: each.value, log10: isFound(each) ? Math.log10(each.length) : null })),
  );
}

export function slopeOfLogs(points: { value: number; log10: number | null }[]): number | null {
  const finite = points.flatMap(({ value, log10 }) => (log10 === null ? [] : [[Math.log10(value), log10]]));
  return finite.length < 2 ? null : linearRegression(finite).m;
}
