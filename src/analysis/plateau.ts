import { linearRegression } from 'simple-statistics';
import type { CellResult } from '../results/schema.ts';
import { remembered } from '../shared/remembered.ts';
import { levelOf } from './accuracy.ts';
import { meanOf, pool } from './statistics.ts';

/*
 * The plateau, defined once (docs/theory.md §8). Tables, figures, N*(ε) and claims all read it here.
 *
 * Its tail are the longest test lengths, the fewest that span three octaves; its level is the geometric mean of the losses there,
 * its slope the least-squares slope of log2 loss against log2 length. Means over seeds are geometric too: a slope and a level in
 * logarithms, whose mean is the number that tests are about. Where targets are classes, error rates stand in place of losses (accuracy.ts).
 */

/** Octaves of test lengths that a plateau is measured over. */
export const PLATEAU_OCTAVES = 3;

/** A geometric mean over seeds; null where nothing could be averaged. */
export interface SeedMean {
  mean: number | null;
  /** e to the standard error of the mean logarithm: the mean is known within times or over it. Null for fewer than two seeds. */
  factor: number | null;
  /** Seeds averaged, and seeds left out because they diverged, or have no logarithm. */
  seeds: number;
  diverged: number;
}

/** A point of the main table: cells that differ only in their seed. */
export interface PlateauPoint {
  /** Axes without the seed. */
  axes: CellResult['axes'];
  trainLength: number;
  plateau: SeedMean;
  /** Loss of the final weights on the training distribution. */
  trainLoss: SeedMean;
}

/** A test length with the natural logarithm of the loss there. */
interface TailPoint {
  length: number;
  log: number;
}

/** The test lengths of a cell's tail, ascending: the fewest that span `PLATEAU_OCTAVES`, all where these do not. */
export function tailLengths({ test }: Pick<CellResult, 'test'>): number[] {
  const lengths = test.map(({ length }) => length).sort((a, b) => a - b);
  const longest = lengths.at(-1) ?? 0;
  const first = lengths.findLastIndex(length => length * 2 ** PLATEAU_OCTAVES <= longest);
  return lengths.slice(Math.max(0, first));
}

/** Octaves from the first to the last of ascending lengths. */
export function octavesOf(lengths: readonly number[]): number {
  return Math.log2(lengths.at(-1)! / lengths[0]!);
}

/**
 * What a cell is judged by at a test length: the exact expectation of its loss where it is known, else the loss over the strings that were
 * drawn, or their error rate where targets are classes. Null: not tested, or not finite.
 */
export function testLevelAt({ test, population }: CellResult, length: number): number | null {
  const at = (point: { length: number }) => point.length === length;
  const exact = population?.exact.find(at)?.loss;
  if (exact !== undefined) return exact;
  const drawn = test.find(at);
  return drawn ? levelOf(drawn) : null;
}

/**
 * Losses of a cell's tail. Null where it was not tested, diverged, or has a loss without a logarithm. Remembered: every table, figure and
 * claim of a run asks for them.
 */
const tailOf = remembered((cell: CellResult): TailPoint[] | null => {
  const lengths = tailLengths(cell);
  const points = lengths.flatMap(length => {
    const level = testLevelAt(cell, length);
    return level ? [{ length, log: Math.log(level) }] : [];
  });
  return cell.divergedAtStep === null && points.length > 0 && points.length === lengths.length
    ? points
    : null;
});

/**
 * The plateau of one cell: the geometric mean of its test losses over the tail. Null when it has none: diverged, not tested, or a loss of
 * 0.
 */
export function plateauOf(cell: CellResult): number | null {
  const tail = tailOf(cell);
  return tail && Math.exp(meanOf(tail.map(({ log }) => log)));
}

/**
 * Slope of log2 loss against log2 test length over a cell's tail, in doublings of the loss an octave. Null without a plateau, or with a
 * single length.
 */
export function plateauSlope(cell: CellResult): number | null {
  const tail = tailOf(cell);
  if (!tail || tail.length < 2) return null;
  return linearRegression(tail.map(({ length, log }) => [Math.log(length), log])).m;
}

/** Cells that differ only in their seed. */
export interface SeedGroup {
  /** Axes without the seed. */
  axes: CellResult['axes'];
  members: CellResult[];
}

/** Groups cells that differ only in their seed, in order of appearance. Remembered: every table and claim of a run wants the same ones. */
export const groupsBySeed = remembered((cells: readonly CellResult[]): SeedGroup[] => {
  const groups = new Map<string, SeedGroup>();
  for (const cell of cells) {
    const { seed: _, ...axes } = cell.axes;
    const key = JSON.stringify(axes);
    const group = groups.get(key) ?? { axes, members: [] };
    group.members.push(cell);
    groups.set(key, group);
  }
  return [...groups.values()];
});

/** Plateaus and training losses of every point of the grid, over seeds. */
export function plateauPoints(cells: readonly CellResult[]): PlateauPoint[] {
  return groupsBySeed(cells).map(({ axes, members }) => ({
    axes,
    trainLength: Number(axes['train.length']),
    plateau: seedMean(members.map(plateauOf)),
    trainLoss: seedMean(members.map(cell => (cell.divergedAtStep === null ? cell.trainLoss : null))),
  }));
}

/** Geometric mean of the losses that have a logarithm; the rest count as diverged. */
export function seedMean(losses: readonly (number | null)[]): SeedMean {
  const logs = losses.flatMap(loss => (loss ? [Math.log(loss)] : []));
  const seeds = logs.length;
  const diverged = losses.length - seeds;
  if (seeds === 0) return { mean: null, factor: null, seeds, diverged };
  const { variance } = pool([logs]);
  return {
    mean: Math.exp(meanOf(logs)),
    factor: seeds > 1 ? Math.exp(Math.sqrt(variance / seeds)) : null,
    seeds,
    diverged,
  };
}
