import type { CellResult } from '../results/schema.ts';

/** A mean over seeds with its standard error; null where nothing could be averaged. */
export interface SeedMean {
  mean: number | null;
  /** Over seeds; null for fewer than two. */
  stderr: number | null;
  /** Seeds averaged, and seeds left out because they diverged. */
  seeds: number;
  diverged: number;
}

/** A point of the main table: cells that differ only in their seed. */
export interface PlateauPoint {
  /** Axes without the seed. */
  axes: CellResult['axes'];
  trainLength: number;
  /** Mean test loss over the last two octaves of test lengths. */
  plateau: SeedMean;
  /** Loss of the final weights on the training distribution. */
  trainLoss: SeedMean;
}

/**
 * The plateau of one cell: its mean test loss over lengths of at least a quarter of the longest. Null when the cell diverged.
 */
export function plateauOf(cell: CellResult): number | null {
  const longest = Math.max(...cell.test.map(point => point.length));
  const losses = cell.test.filter(point => point.length >= longest / 4).map(point => point.loss);
  if (cell.divergedAtStep !== null || losses.some(loss => loss === null)) return null;
  return losses.reduce<number>((sum, loss) => sum + loss!, 0) / losses.length;
}

/** Cells that differ only in their seed. */
export interface SeedGroup {
  /** Axes without the seed. */
  axes: CellResult['axes'];
  members: CellResult[];
}

/** Groups of cells that were asked for: every table and claim of a run wants the same ones. */
const grouped = new WeakMap<readonly CellResult[], SeedGroup[]>();

/** Groups cells that differ only in their seed, in order of appearance. */
export function groupsBySeed(cells: readonly CellResult[]): SeedGroup[] {
  const known = grouped.get(cells) ?? findGroups(cells);
  grouped.set(cells, known);
  return known;
}

function findGroups(cells: readonly CellResult[]): SeedGroup[] {
  const groups = new Map<string, SeedGroup>();
  for (const cell of cells) {
    const { seed: _, ...axes } = cell.axes;
    const key = JSON.stringify(axes);
    const group = groups.get(key) ?? { axes, members: [] };
    group.members.push(cell);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Plateaus and training losses of every point of the grid, over seeds. */
export function plateauPoints(cells: readonly CellResult[]): PlateauPoint[] {
  return groupsBySeed(cells).map(({ axes, members }) => ({
    axes,
    trainLength: Number(axes['train.length']),
    plateau: seedMean(members.map(plateauOf)),
    trainLoss: seedMean(members.map(cell => (cell.divergedAtStep === null ? cell.trainLoss : null))),
  }));
}

/** Mean and standard error of the values that are there; the rest count as diverged. */
export function seedMean(values: (number | null)[]): SeedMean {
  const finite = values.filter(value => value !== null);
  const n = finite.length;
  const diverged = values.length - n;
  if (n === 0) return { mean: null, stderr: null, seeds: 0, diverged };
  const mean = finite.reduce((sum, value) => sum + value, 0) / n;
  const variance = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, stderr: n > 1 ? Math.sqrt(variance / n) : null, seeds: n, diverged };
}
