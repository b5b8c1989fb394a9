import { type Interval, meanInterval, meanOf, pool, tInterval } from '../../analysis/statistics.ts';
import type { Scalar } from '../data.ts';

/** Cells that are compared as one. */
export interface Side {
  label: string;
  cells: { axes: Record<string, Scalar>; plateau: number | null; error: number | null }[];
}

/** How the plateau of one side is to that of another. */
export interface Difference {
  /** Second over first; null where one has no plateau. */
  ratio: number | null;
  /** 95 %; null where nothing says how sure it is. */
  interval: Interval | null;
  /** What the interval is about. */
  how: string;
}

const NORMAL = 1.959964;

/**
 * The ratio of two sides' plateaus, geometric means over their cells. Cells that agree in every axis both have in common are paired; where
 * none do, the sides are two samples (Welch); of single cells, the standard errors of their test losses are all that is known.
 */
export function differenceOf(a: Side, b: Side): Difference {
  const [logsA, logsB] = [a, b].map(({ cells }) =>
    cells.flatMap(({ plateau }) => (plateau ? [Math.log(plateau)] : [])),
  );
  if (logsA!.length === 0 || logsB!.length === 0)
    return { ratio: null, interval: null, how: 'one side has no plateau' };
  const pairs = pairsOf(a, b);
  if (pairs.length > 1) {
    const interval = meanInterval(pairs).map(Math.exp) as Interval;
    return {
      ratio: Math.exp(meanOf(pairs)),
      interval,
      how: `paired over ${pairs.length} cells that differ in nothing else`,
    };
  }
  const mean = meanOf(logsB!) - meanOf(logsA!);
  const ratio = Math.exp(mean);
  if (logsA!.length > 1 && logsB!.length > 1) {
    const parts = [logsA!, logsB!].map(logs => pool([logs]).variance / logs.length);
    const variance = parts[0]! + parts[1]!;
    const freedom =
      variance ** 2 / (parts[0]! ** 2 / (logsA!.length - 1) + parts[1]! ** 2 / (logsB!.length - 1));
    if (!(freedom > 0)) return { ratio, interval: null, how: 'the seeds do not differ' };
    return {
      ratio,
      interval: tInterval(mean, Math.sqrt(variance), freedom).map(Math.exp) as Interval,
      how: `${logsA!.length} against ${logsB!.length} cells (Welch)`,
    };
  }
  const [first, second] = [a.cells[0]!.error, b.cells[0]!.error];
  if (a.cells.length > 1 || b.cells.length > 1 || first === null || second === null)
    return { ratio, interval: null, how: 'one seed says nothing of the spread over seeds' };
  const width = NORMAL * Math.hypot(first, second);
  return {
    ratio,
    interval: [Math.exp(mean - width), Math.exp(mean + width)],
    how: 'sampling error of the test alone: one seed each',
  };
}

/** Differences of log plateaus between cells that differ only in what tells the sides apart; none where that leaves some alike. */
function pairsOf(a: Side, b: Side): number[] {
  const own = new Set(differingPaths([a, b]));
  const keyOf = (axes: Record<string, Scalar>) =>
    JSON.stringify(
      Object.entries(axes)
        .filter(([path]) => !own.has(path))
        .sort(),
    );
  const [cellsA, cellsB] = [a, b].map(({ cells }) => new Map(cells.map(cell => [keyOf(cell.axes), cell])));
  if (cellsA!.size < a.cells.length || cellsB!.size < b.cells.length) return [];
  return [...cellsA!].flatMap(([key, { plateau }]) => {
    const other = cellsB!.get(key);
    return plateau && other?.plateau ? [Math.log(other.plateau) - Math.log(plateau)] : [];
  });
}

/** Axes on which sides have different values. */
export function differingPaths(sides: readonly Side[]): string[] {
  const paths = [...new Set(sides.flatMap(({ cells }) => cells.flatMap(({ axes }) => Object.keys(axes))))];
  const valuesOf = (side: Side, path: string) =>
    [...new Set(side.cells.map(({ axes }) => JSON.stringify(axes[path] ?? null)))].sort().join();
  return paths.filter(path => new Set(sides.map(side => valuesOf(side, path))).size > 1);
}
