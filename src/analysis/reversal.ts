import { labelOf, symbolOf } from '../results/axes.ts';
import type { CellResult } from '../results/schema.ts';
import { type Line, type Setting, shareWords } from './learned.ts';
import { plateauOf, seedMean, testLevelAt } from './plateau.ts';
import { holm, meanOf, pool, upperTail } from './statistics.ts';
import { LEAST_SEEDS } from './verdict.ts';

/** A plateau that falls by more than this factor where it should rise breaks a trend. */
export const REVERSAL_FACTOR = 2;
/** Significance of a single reversal, adjusted for how many steps were looked at. */
const SIGNIFICANT = 0.05;

/** A step between neighbours that is shown to go against the order. */
export interface Reversal {
  /** The one with the larger plateau. */
  setting: Setting;
  after: Setting;
  /**
   * What limits the larger plateau: `length` where it is above twice the loss on strings of the training length, `training` where it is
   * not. Both are losses at the last of so many tokens. The training loss is not: its strings have lengths 1 … N. Unknown where T = N was
   * not tested.
   */
  limit: 'length' | 'training' | 'unknown';
}

/**
 * Steps along lines that fall by more than `REVERSAL_FACTOR` where they should rise: t tests of the logarithms' differences over seeds,
 * Holm-adjusted.
 */
export function reversals(lines: readonly Line[]): Reversal[] {
  const steps = lines.flatMap(({ settings }) =>
    settings.slice(1).flatMap((after, i) => {
      const setting = settings[i]!;
      const falls = fallsOf(setting, after);
      return falls.length < LEAST_SEEDS ? [] : [{ setting, after, falls }];
    }),
  );
  const tests = steps.map(({ falls }) => {
    const { variance, freedom } = pool([falls]);
    return upperTail(
      (meanOf(falls) - Math.log(REVERSAL_FACTOR)) / Math.sqrt(variance / falls.length),
      freedom,
    );
  });
  return holm(tests).flatMap((p, i) => {
    if (p >= SIGNIFICANT) return [];
    const { setting, after } = steps[i]!;
    return [{ setting, after, limit: limitOf(setting) }];
  });
}

/** A reversal in words. */
export function reversalText({ setting, after, limit }: Reversal, path: string): string {
  const why = {
    length: 'training length limits it',
    training: `but training limits it: the ${setting.measure} on strings of length N is as high`,
    unknown: 'whether length or training limits it cannot be told: T = N was not tested',
  };
  return `against the trend: ${labelOf(setting.axes)} has ${shareWords(setting, shareOf(setting))}, ${symbolOf(path)} = ${after.axes[path]} has ${shareOf(after)}; ${why[limit]}`;
}

/** By how much the log share of the whole falls from one setting to the next, seed by seed. */
function fallsOf(a: Setting, b: Setting): number[] {
  const after = new Map(b.members.map(cell => [cell.axes.seed, plateauOf(cell)]));
  return a.members.flatMap(cell => {
    const [from, to] = [plateauOf(cell), after.get(cell.axes.seed)];
    return from && to ? [Math.log(from / a.whole!) - Math.log(to / b.whole!)] : [];
  });
}

function limitOf({ axes, members }: Setting): Reversal['limit'] {
  const atN = (cell: CellResult) => testLevelAt(cell, Number(axes['train.length']));
  const [own, long] = [seedMean(members.map(atN)).mean, seedMean(members.map(plateauOf)).mean];
  if (own === null || long === null) return 'unknown';
  return long > 2 * own ? 'length' : 'training';
}

function shareOf({ members, whole }: Setting): string {
  return (seedMean(members.map(plateauOf)).mean! / whole!).toExponential(1);
}
