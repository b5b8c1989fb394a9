import type { CellResult } from '../results/schema.ts';
import type { Yardstick } from './baseline.ts';
import { groupsBySeed, type SeedGroup, seedMean } from './plateau.ts';

/** A model has learned something when its loss is below this share of the loss of predicting the mean. */
export const LEARNED = 0.5;

/** A group of cells that differ only in their seed, bit-equal ones once, with how good it ever is. */
export interface Setting extends SeedGroup {
  /** Cells left out because another has the same losses to the last bit: it says nothing more. */
  repeated: number;
  /** Loss of predicting the mean on long sequences. Undefined where nobody knows it: nothing is learned then. */
  predictMean: number | undefined;
  /** Whether some test length has a mean loss below `LEARNED` of that. */
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
  return groupsBySeed(cells).map(({ axes, members: all }) => {
    const members = distinct(all);
    const [long, short] = [yardstick.plateau(axes), yardstick.training(axes)];
    const alive = members.filter(({ divergedAtStep }) => divergedAtStep === null);
    const isBelow = (losses: (number | null)[], predictMean = 0) =>
      (seedMean(losses).mean ?? Infinity) < LEARNED * predictMean;
    const at = (t: number) => alive.map(({ test }) => test[t]?.loss ?? null);
    const generalizes = (alive[0]?.test ?? []).some((_, t) => isBelow(at(t), long));
    const fits = isBelow(
      alive.map(({ trainLoss }) => trainLoss),
      short,
    );
    return {
      axes,
      members,
      repeated: all.length - members.length,
      predictMean: long,
      generalizes,
      trains: generalizes || fits,
    };
  });
}

/** Cells without those whose losses another one has, to the last bit: copies, or seeds that shared their random numbers. */
function distinct(cells: readonly CellResult[]): CellResult[] {
  const seen = new Set<string>();
  return cells.filter(({ trainLoss, test, divergedAtStep }) => {
    const losses = JSON.stringify([trainLoss, ...test.map(({ loss }) => loss)]);
    if (divergedAtStep !== null) return true;
    return !seen.has(losses) && Boolean(seen.add(losses));
  });
}
