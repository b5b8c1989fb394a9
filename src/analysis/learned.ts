import type { CellResult } from '../results/schema.ts';
import { levelOf, type Measure, measureOf } from './accuracy.ts';
import type { Yardstick } from './baseline.ts';
import { groupsBySeed, type SeedGroup, seedMean } from './plateau.ts';

/** A model has learned something when its loss is below this share of the loss of predicting the mean, or its error rate below it. */
export const LEARNED = 0.5;

/** A group of cells that differ only in their seed, bit-equal ones once, with how good it ever is. */
export interface Setting extends SeedGroup {
  /** Cells left out because another has the same losses to the last bit: it says nothing more. */
  repeated: number;
  measure: Measure;
  /** What levels are a share of: the loss of predicting the mean on long sequences, of error rates 1. Undefined where nobody knows it. */
  whole: number | undefined;
  /** Whether some test length has a mean level below `LEARNED` of that. */
  generalizes: boolean;
  /** Whether it does, or the training loss is below `LEARNED` of predicting the mean of the training sequences. */
  trains: boolean;
}

/** Settings that differ in nothing but the values of one axis, in the order in which plateaus should rise. */
export interface Line {
  /** The other axes. */
  axes: Setting['axes'];
  /** One a value. */
  settings: Setting[];
}

/** Groups by seed of a run's cells, and what they have learned. */
export function settingsLearned(cells: readonly CellResult[], yardstick: Yardstick): Setting[] {
  const measure = measureOf(cells);
  return groupsBySeed(cells).map(({ axes, members: all }) => {
    const members = distinct(all);
    const [long, short] = measure === 'loss' ? [yardstick.plateau(axes), yardstick.training(axes)] : [1];
    const alive = members.filter(({ divergedAtStep }) => divergedAtStep === null);
    const isBelow = (levels: (number | null)[], whole = 0) =>
      (seedMean(levels).mean ?? Infinity) < LEARNED * whole;
    const at = (t: number) => alive.map(({ test }) => (test[t] ? levelOf(test[t]) : null));
    const generalizes = (alive[0]?.test ?? []).some((_, t) => isBelow(at(t), long));
    const fits = isBelow(
      alive.map(({ trainLoss }) => trainLoss),
      short,
    );
    return {
      axes,
      members,
      repeated: all.length - members.length,
      measure,
      whole: long,
      generalizes,
      trains: generalizes || fits,
    };
  });
}

/** A share of the whole, in words. */
export function shareWords({ measure }: Pick<Setting, 'measure'>, share: number | string): string {
  return measure === 'loss' ? `${share} of predicting the mean` : `an error rate of ${share}`;
}

/** All losses of a cell, to the last bit. */
export function lossesOf({ trainLoss, test }: CellResult): string {
  return JSON.stringify([trainLoss, ...test.map(({ loss }) => loss)]);
}

/** Cells without those whose losses another one has, to the last bit: copies, or seeds that shared their random numbers. */
function distinct(cells: readonly CellResult[]): CellResult[] {
  const seen = new Set<string>();
  return cells.filter(cell => {
    if (cell.divergedAtStep !== null) return true;
    const losses = lossesOf(cell);
    return !seen.has(losses) && Boolean(seen.add(losses));
  });
}
