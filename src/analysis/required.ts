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
  /** Null where no trained length reaches ε (`above`), or the shortest one does already (`below`). */
  length: number | null;
  censored: 'above' | 'below' | null;
  /** 95 %, residual bootstrap over seeds; null with a single seed. 0 and ∞ stand for shorter and longer than was trained. */
  interval: Interval | null;
  shortest: number;
  longest: number;
}

/** How N*(ε) grows with a knob, beside how the bounds do: exponents of power laws. */
export interface LengthExponent {
  knob: string;
  /** Other axes, in common. */
  axes: CellResult['axes'];
  epsilon: number;
  /** Null where fewer than two values of the knob have an N*. */
  measured: number | null;
  interval: Interval | null;
  /** Values of the knob that have an N*, of all. */
  values: { used: number; all: number };
  /** Of log10 N of each bound that applies, at error √ε, for the trained weights. Null: not finite. */
  predicted: { name: string; exponent: number | null }[];
}

/** Log plateaus of a setting by training length, ascending. */
type Curve = { length: number; logs: number[] }[];
/** A mean log plateau at a log training length. */
interface Point {
  x: number;
  y: number;
}

/** N*(ε) of every setting of the knobs. Diverged seeds have no plateau and take no part. */
export function requiredLengths(cells: readonly CellResult[], epsilons: readonly number[]): RequiredLength[] {
  return curvesOf(cells).flatMap(({ axes, curve }) => {
    if (curve.length === 0) return [];
    const bank = residualsOf(curve);
    return epsilons.map(epsilon => {
      const log = Math.log(epsilon);
      const found = crossing(meansOf(curve), log);
      return {
        axes,
        epsilon,
        length: found > 0 && found < Infinity ? found : null,
        censored: found === 0 ? 'below' : found === Infinity ? 'above' : null,
        interval:
          bank.length === 0
            ? null
            : resampled(bank.length, stream => crossing(redraw(curve, bank, stream), log)),
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
      return epsilons.map(epsilon => {
        const log = Math.log(epsilon);
        const found = entries.map(({ value, curve }) => ({ value, length: crossing(meansOf(curve), log) }));
        const seeds = entries.every(({ bank }) => bank.length > 0);
        const again = (stream: WordStream) =>
          slope(
            entries.map(({ value, curve, bank }) => ({
              value,
              length: crossing(redraw(curve, bank, stream), log),
            })),
          ) ?? Number.NaN;
        const measured = slope(found);
        return {
          knob,
          axes: JSON.parse(key) as CellResult['axes'],
          epsilon,
          measured,
          interval:
            measured === null || !seeds
              ? null
              : resampled(
                  entries.reduce((sum, { bank }) => sum + bank.length, 0),
                  again,
                ),
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

function curvesOf(cells: readonly CellResult[]): { axes: CellResult['axes']; curve: Curve }[] {
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

function meansOf(curve: Curve): Point[] {
  return curve.map(({ length, logs }) => ({ x: Math.log(length), y: meanOf(logs) }));
}

/**
 * Deviations of seeds from the mean of their training length, to redraw means from. All lengths of a curve share them: three seeds alone say too
 * little of their spread. Scaled by √(n / (n − 1)), so that their variance is the seeds' own, and widened to Student's t on what
 * degrees of freedom they have.
 */
function residualsOf(curve: Curve): number[] {
  const spread = curve.filter(({ logs }) => logs.length > 1);
  const freedom = spread.reduce((sum, { logs }) => sum + logs.length - 1, 0);
  return spread.flatMap(({ logs }) => {
    const mean = meanOf(logs);
    const n = logs.length;
    return logs.map(log => (log - mean) * Math.sqrt(n / (n - 1)) * studentOverNormal(freedom));
  });
}

/** Mean log plateaus as other seeds might have given them. */
function redraw(curve: Curve, bank: readonly number[], stream: WordStream): Point[] {
  return curve.map(({ length, logs }) => {
    const drawn = logs.map(() => bank[below(stream.next(), bank.length)]!);
    return { x: Math.log(length), y: meanOf(logs) + meanOf(drawn) };
  });
}

/** The length at which a curve first comes down to a log plateau: 0 at once, Infinity never. */
function crossing(points: readonly Point[], log: number): number {
  const first = points.findIndex(({ y }) => y <= log);
  if (first < 0) return Infinity;
  if (first === 0) return 0;
  const [a, b] = [points[first - 1]!, points[first]!];
  return Math.exp(a.x + ((a.y - log) / (a.y - b.y)) * (b.x - a.x));
}

const isFound = ({ length }: { length: number }) => length > 0 && length < Infinity;

/** Log-log slope over the values of a knob that have an N*; null for fewer than two. */
function slope(found: { value: number; length: number }[]): number | null {
  return slopeOfLogs(
    found.map(each => ({ value: each.value, log10: isFound(each) ? Math.log10(each.length) : null })),
  );
}

function slopeOfLogs(points: { value: number; log10: number | null }[]): number | null {
  const finite = points.flatMap(({ value, log10 }) => (log10 === null ? [] : [[Math.log10(value), log10]]));
  return finite.length < 2 ? null : linearRegression(finite).m;
}
