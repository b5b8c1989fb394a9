import { labelOf } from '../results/axes.ts';
import type { CellResult } from '../results/schema.ts';
import { meansAboveClaim } from './means-claim.ts';
import { groupsBySeed } from './plateau.ts';
import { type Claim, listed } from './verdict.ts';

/** Decades between the predicted and the measured length from which "far before" is meant. */
export const FAR_BEFORE = 1;
/** Decades beyond these count as these: 20 or 400, both are far, and their spread says nothing. It makes a mean smaller, never larger. */
const MOST_DECADES = 10;

type Hardmax = NonNullable<NonNullable<CellResult['theory']>['hardmax']>;

/**
 * Theorem 4.1's remark: attention is hardmax far before 2^(p/γ), γ the logit margin as it is defined. In every setting the mean over seeds
 * of the decades between the two is shown to be above `FAR_BEFORE` (`means-claim.ts`). Undefined where no cell has bits.
 *
 * A model whose attention is hardmax at no length that was looked at counts with the most that it can have, as if it were at the next: that
 * may refute the claim. It cannot be shown while there is one.
 */
export function earlyClaim(cells: readonly CellResult[]): Claim | undefined {
  const settings = groupsBySeed(cells).map(({ axes, members }) => ({
    axes,
    cells: members.length,
    found: members.flatMap(({ theory }) => theory?.hardmax ?? []).filter(isPredicted),
  }));
  if (settings.every(({ found }) => found.length === 0)) return undefined;
  const claim = meansAboveClaim(
    {
      id: 'hardmax-early',
      statement: 'attention is hardmax far before 2^(p/γ)',
      what: `decades, at most ${MOST_DECADES}, from the length at which attention is hardmax in every sampled sequence to 2^(p/γ)`,
      least: FAR_BEFORE,
    },
    settings.map(setting => ({ ...setting, values: setting.found.map(decadesOf) })),
  );
  const late = settings.filter(({ found }) => found.some(({ measured }) => measured === null));
  if (late.length === 0) return claim;
  const searched = Math.max(...late.flatMap(({ found }) => found.map(({ searchedTo }) => searchedTo)));
  const open = claim.verdict !== 'refuted';
  return {
    ...claim,
    verdict: open ? 'undecided' : claim.verdict,
    lacks: open ? `needs lengths beyond ${searched}, where attention is not yet hardmax` : claim.lacks,
    remarks: [
      ...claim.remarks,
      `not hardmax up to ${searched} in every seed, and counted as if from there on: ${listed(late.map(({ axes }) => labelOf(axes) || 'all cells'))}`,
    ],
  };
}

const isPredicted = ({ log10Predicted }: Hardmax) => log10Predicted !== null;

/** Decades between the two lengths; at most so many where attention was never hardmax. */
function decadesOf({ log10Predicted, measured, searchedTo }: Hardmax): number {
  return Math.min(MOST_DECADES, log10Predicted! - Math.log10(measured ?? searchedTo));
}
