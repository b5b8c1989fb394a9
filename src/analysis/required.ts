import { linearRegression } from 'simple-statistics';
import type { CellLine } from '../results/schema.ts';
import { below, WordStream } from '../shared/random.ts';
import { plateauOf } from './plateau.ts';
import { lengthRows } from './predicted.ts';
import { bootstrap, type Interval, meanOf } from './statistics.ts';

/** N*(ε): the least training length whose plateau is at most ε, interpolated in log-log between trained lengths. */
export interface RequiredLength {
  /** Axes without seed and training length. */
  axes: CellLine['axes'];
  epsilon: number;
  /** Null where no trained length reaches ε (`above`), or the shortest one does already (`below`). */
  length: number | null;
  censored: 'above' | 'below' | null;
  /** 95 %, bootstrap over the seeds of each training length. 0 and ∞ stand for shorter and longer than was trained. */
  interval: Interval;
  shortest: number;
  longest: number;
}

/** How N*(ε) grows with a knob, beside how the bounds do: exponents of power laws. */
export interface LengthExponent {
  knob: string;
  /** Other axes, in common. */
  axes: CellLine['axes'];
  epsilon: number;
  /** Null where fewer than two values of the knob have an N*. */
  measured: number | null;
  interval: Interval | null;
  /** Of log10 N of each bound that applies, at error √ε, for the trained weights. Null: not finite. */
  predicted: { name: string; exponent: number | null }[];
}

/** Plateaus of a setting by training length, ascending. */
type Curve = { length: number; logs: number[] }[];

/** N*(ε) of every setting of the knobs. */
export function requiredLengths(cells: readonly CellLine[], epsilons: readonly number[]): RequiredLength[] {
  return curvesOf(cells).flatMap(({ axes, curve }) => {
    if (curve.length === 0) return [];
    const seeds = Math.max(...curve.map(({ logs }) => logs.length));
    return epsilons.map(epsilon => {
      const found = crossing(curve, Math.log(epsilon));
      // One stream of seeds for all lengths would tie them together: each length draws its own.
      const interval = bootstrap(seeds, units => crossing(resample(curve, units), Math.log(epsilon)));
      return {
        axes,
        epsilon,
        length: found > 0 && found < Infinity ? found : null,
        censored: found === 0 ? 'below' : found === Infinity ? 'above' : null,
        interval,
        shortest: curve[0]!.length,
        longest: curve.at(-1)!.length,
      };
    });
  });
}

/** Exponents of N*(ε) against every knob that has more than one value. */
export function lengthExponents(
  cells: readonly CellLine[],
  knobs: readonly string[],
  epsilons: readonly number[],
): LengthExponent[] {
  const curves = curvesOf(cells);
  const rows = lengthRows(cells, epsilons);
  return knobs.flatMap(knob => {
    const groups = new Map<string, typeof curves>();
    for (const entry of curves) {
      const { [knob]: value, ...others } = entry.axes;
      if (typeof value !== 'number' || value <= 0) continue;
      const key = JSON.stringify(others);
      groups.set(key, [...(groups.get(key) ?? []), entry]);
    }
    return [...groups].flatMap(([key, entries]) => {
      if (entries.length < 2) return [];
      return epsilons.map(epsilon => {
        const slopeFor = (units: number[] | undefined) =>
          slope(
            entries.map(({ axes, curve }) => [
              Number(axes[knob]),
              crossing(units ? resample(curve, units) : curve, Math.log(epsilon)),
            ]),
          );
        const seeds = Math.max(...entries.flatMap(({ curve }) => curve.map(({ logs }) => logs.length)));
        const measured = slopeFor(undefined);
        const resampled = measured === null ? null : bootstrap(seeds, units => slopeFor(units) ?? measured);
        const own = rows.filter(row => {
          const { [knob]: _, ...others } = row.axes;
          return JSON.stringify(others) === key && row.epsilon === epsilon;
        });
        const names = [...new Set(own.flatMap(({ predicted }) => predicted.map(({ name }) => name)))];
        const predicted = names.map(name => ({
          name,
          exponent: slopeOfLogs(
            own.map(({ axes, predicted: bounds }) => [
              Number(axes[knob]),
              bounds.find(bound => bound.name === name)?.log10N ?? null,
            ]),
          ),
        }));
        return { knob, axes: JSON.parse(key), epsilon, measured, interval: resampled, predicted };
      });
    });
  });
}

function curvesOf(cells: readonly CellLine[]): { axes: CellLine['axes']; curve: Curve }[] {
  const settings = new Map<string, { axes: CellLine['axes']; byLength: Map<number, number[]> }>();
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

/** Where a curve first comes down to a log plateau: 0 at once, Infinity never. */
function crossing(curve: Curve, log: number): number {
  const means = curve.map(({ length, logs }) => ({ x: Math.log(length), y: meanOf(logs) }));
  const first = means.findIndex(({ y }) => y <= log);
  if (first < 0) return Infinity;
  if (first === 0) return 0;
  const [a, b] = [means[first - 1]!, means[first]!];
  return Math.exp(a.x + ((a.y - log) / (a.y - b.y)) * (b.x - a.x));
}

/** Seeds drawn anew for each training length, from one list of random units. */
function resample(curve: Curve, units: readonly number[]): Curve {
  return curve.map(({ length, logs }, i) => {
    const stream = new WordStream(
      0x6c656e,
      i,
      units.reduce((hash, unit) => (hash * 31 + unit) % 1e9, 7),
    );
    return { length, logs: logs.map(() => logs[below(stream.next(), logs.length)]!) };
  });
}

function slope(points: (readonly [number, number])[]): number | null {
  return slopeOfLogs(
    points.map(([knob, length]) => [knob, length > 0 && length < Infinity ? Math.log10(length) : null]),
  );
}

/** Least-squares slope of log10 N against log10 knob over the points that have an N. */
function slopeOfLogs(points: (readonly [number, number | null])[]): number | null {
  const finite = points.flatMap(([knob, log]) => (log === null ? [] : [[Math.log10(knob), log]]));
  return finite.length < 2 ? null : linearRegression(finite).m;
}
