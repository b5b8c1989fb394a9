import type { CellResult } from '../results/schema.ts';
import { type Interval, meanInterval, meanOf, NORMAL_QUANTILE } from './statistics.ts';

type TestPoint = CellResult['test'][number];

/** How often sequences are right at a test length, over runs. */
export interface ExactMatch {
  mean: number;
  /**
   * 95 %: Student's t over runs, within [0, 1], widened to Wilson's over the sequences of all runs, which few runs that agree do not
   * show.
   */
  interval: Interval;
  runs: number;
}

/** Wilson's 95 % interval of a share (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927) of `count` independent trials. */
export function wilson(share: number, count: number): Interval {
  const z2 = NORMAL_QUANTILE ** 2;
  const middle = (share + z2 / (2 * count)) / (1 + z2 / count);
  const half =
    (NORMAL_QUANTILE / (1 + z2 / count)) * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/**
 * What a test point is judged by: where targets are classes its error rate, the share of sequences that are not right in every read, as
 * (errors + 1/2)/(sequences + 1), which has a logarithm where there are none; elsewhere its loss.
 */
export function levelOf({ loss, exactMatch, sequences }: TestPoint): number | null {
  if (exactMatch === undefined || sequences === undefined) return loss;
  return ((1 - exactMatch) * sequences + 0.5) / (sequences + 1);
}

/** Whether cells are judged by error rates. */
export function hasClasses(cells: readonly CellResult[]): boolean {
  return cells.some(({ test }) => test.some(({ exactMatch }) => exactMatch !== undefined));
}

/** What cells are judged by (`levelOf`). */
export type Measure = 'loss' | 'error rate';

export function measureOf(cells: readonly CellResult[]): Measure {
  return hasClasses(cells) ? 'error rate' : 'loss';
}

/** Exact match over runs of the same setting at one test length; every run counts. Undefined where none has classes. */
export function exactMatchOf(points: readonly TestPoint[]): ExactMatch | undefined {
  const shares = points.flatMap(({ exactMatch }) => exactMatch ?? []);
  if (shares.length === 0) return undefined;
  const mean = meanOf(shares);
  const [low, high] = wilson(
    mean,
    points.reduce((sum, { sequences = 0 }) => sum + sequences, 0),
  );
  const [from, to] = shares.length > 1 ? meanInterval(shares) : [low, high];
  return {
    mean,
    interval: [Math.min(low, Math.max(0, from)), Math.max(high, Math.min(1, to))],
    runs: shares.length,
  };
}
