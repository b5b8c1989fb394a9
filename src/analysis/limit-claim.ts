import type { CellResult } from '../results/schema.ts';
import { everySettingWithin, labels } from './every-setting.ts';
import type { Setting } from './learned.ts';
import { plateauSlope, testLevelAt } from './plateau.ts';
import { PLATEAU_SLOPE } from './plateau-claim.ts';
import { meanOf } from './statistics.ts';
import type { Claim } from './verdict.ts';

/** Octaves of loss between the longest test length and T = ∞ within which the loss counts as arrived: a factor 2. */
export const ARRIVED_OCTAVES = 1;

/** T^{−γ} from which attention at the longest test length is far from its limit. */
const FAR = 0.1;

/**
 * log2 L(∞)/L(T) of a cell, T its longest test length (docs/theory.md §12). Null where a loss is not known or has no logarithm.
 */
export function octavesToInfinity(cell: CellResult): number | null {
  const last = testLevelAt(cell, longestOf(cell));
  const infinity = cell.population?.infinity?.loss;
  return cell.divergedAtStep === null && last && infinity ? Math.log2(infinity / last) : null;
}

const longestOf = ({ test }: CellResult) => Math.max(...test.map(({ length }) => length));

/**
 * The loss at the longest test length is the loss at T = ∞ within a factor 2, in every setting learned (`region.ts`). A setting whose
 * loss is flat up to T and yet higher at ∞ is a mirage, and said. Undefined where no cell knows L(∞).
 */
export function limitClaim(settings: readonly Setting[]): Claim | undefined {
  const known = settings.map(setting => ({
    ...setting,
    values: setting.members.flatMap(cell => octavesToInfinity(cell) ?? []),
  }));
  const learned = known.filter(({ generalizes, values }) => generalizes && values.length > 0);
  if (learned.length === 0) return undefined;
  const { decided, where, tested, outside, remarks } = everySettingWithin(learned, [
    -ARRIVED_OCTAVES,
    ARRIVED_OCTAVES,
  ]);
  const mirages = outside.filter(({ members, values }) => meanOf(values) > 0 && isFlat(members));
  const others = outside.filter(setting => !mirages.includes(setting));
  const T = longestOf(learned[0]!.members[0]!);
  const far = learned.filter(({ members }) => members.some(cell => leftAt(cell, T) > FAR));
  return {
    id: 'limit',
    statement: 'the loss at the longest test length is the loss at T = ∞, within a factor of 2',
    statistic: `log₂ L(∞)/L(T), T = ${T.toLocaleString('en')}${where}; two one-sided t tests over seeds against ±${ARRIVED_OCTAVES} in every setting learned, all of which must pass; refuted by t tests beyond ±${ARRIVED_OCTAVES}, two-sided, Holm-adjusted over settings`,
    threshold: ARRIVED_OCTAVES,
    ...decided,
    seeds: tested.reduce((sum, { values }) => sum + values.length, 0),
    diverged: known.reduce(
      (sum, { members }) => sum + members.filter(({ divergedAtStep }) => divergedAtStep !== null).length,
      0,
    ),
    remarks: [
      ...(mirages.length > 0
        ? [`mirages, flat up to T = ${T.toLocaleString('en')} and higher at ∞: ${labels(mirages)}`]
        : []),
      ...(others.length > 0 ? [`another loss at ∞: ${labels(others)}`] : []),
      ...(far.length > 0
        ? [
            `some φ is so near 1 that T^−γ is above ${FAR} at T: what happens beyond is not seen: ${labels(far)}`,
          ]
        : []),
      ...remarks,
    ],
  };
}

/** Whether the mean slope of a tail lies within what a plateau may have. */
function isFlat(members: readonly CellResult[]): boolean {
  const slopes = members.flatMap(cell => plateauSlope(cell) ?? []);
  return slopes.length > 0 && Math.abs(meanOf(slopes)) <= PLATEAU_SLOPE;
}

/** T^{−γ}: the order of what attention lacks of its limit at T. */
function leftAt({ population }: CellResult, T: number): number {
  const margin = population?.infinity?.margin;
  return typeof margin === 'number' ? T ** -margin : 0;
}
