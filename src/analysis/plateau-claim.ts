import { labelOf } from '../results/axes.ts';
import { labels } from './every-setting.ts';
import { LEARNED, type Setting, shareWords } from './learned.ts';
import { octavesOf, PLATEAU_OCTAVES, plateauSlope, tailLengths } from './plateau.ts';
import { everyMeanWithin, LEVEL } from './region.ts';
import { type Claim, LEAST_SEEDS, NEEDS_SEEDS, repeatedText } from './verdict.ts';

/** Slope of log2 loss an octave of T within which a loss counts as settled: 7 % a doubling. */
export const PLATEAU_SLOPE = 0.1;

/**
 * The loss stops changing with T: in every setting that has learned anything, the mean slope over seeds of log2 loss against log2 T, over
 * three octaves at least and beyond N, is shown to lie within ±`PLATEAU_SLOPE` (`region.ts`). Undefined where no cell has a slope.
 */
export function plateauClaim(all: readonly Setting[]): Claim | undefined {
  const settings = all.map(setting => ({
    ...setting,
    slopes: setting.members.flatMap(cell => plateauSlope(cell) ?? []),
  }));
  const measured = settings.filter(({ slopes }) => slopes.length > 0);
  if (measured.length === 0) return undefined;
  const { measure } = measured[0]!;
  const unknown = measured.filter(({ whole }) => whole === undefined);
  const unlearned = measured.filter(({ whole, generalizes }) => whole !== undefined && !generalizes);
  const learned = measured.filter(({ generalizes }) => generalizes);
  const short = learned.filter(setting => !isLongEnough(setting));
  const few = learned.filter(setting => isLongEnough(setting) && setting.slopes.length < LEAST_SEEDS);
  const tested = learned.filter(setting => isLongEnough(setting) && setting.slopes.length >= LEAST_SEEDS);
  const decision =
    tested.length > 0
      ? everyMeanWithin(
          tested.map(({ slopes }) => slopes),
          [-PLATEAU_SLOPE, PLATEAU_SLOPE],
        )
      : undefined;
  const lacks = missing({ unknown, short, few, learned });
  const verdict =
    decision?.verdict === 'refuted' || lacks === null ? (decision?.verdict ?? 'undecided') : 'undecided';
  const deciding = decision && labelOf(tested[decision.deciding]!.axes);
  const tail = tailLengths(measured[0]!.members[0]!);
  const rests = tested.reduce((sum, { slopes }) => sum + slopes.length, 0);
  const repeated = settings.reduce((sum, setting) => sum + setting.repeated, 0);
  return {
    id: 'plateau',
    statement: `the ${measure} stops changing over the last octaves of the test length`,
    statistic: `slope of log₂ ${measure} an octave of T, T = ${tail[0]}…${tail.at(-1)}${deciding ? `, in the setting that decides (${deciding})` : ''}; two one-sided t tests over seeds against ±${PLATEAU_SLOPE} in every setting learned, all of which must pass; refuted by t tests beyond ±${PLATEAU_SLOPE}, two-sided, Holm-adjusted over settings`,
    value: decision?.mean ?? null,
    interval: decision?.interval ?? null,
    confidence: 1 - 2 * LEVEL,
    threshold: PLATEAU_SLOPE,
    level: LEVEL,
    verdict,
    lacks: verdict === 'undecided' ? lacks : null,
    seeds: rests,
    diverged: settings.reduce((sum, { members, slopes }) => sum + members.length - slopes.length, 0),
    pValue: decision?.pValue ?? null,
    pFloor: null,
    remarks: [
      `${tested.length} of ${settings.length} settings are tested`,
      ...(unlearned.length > 0
        ? [
            `not learned (at every test length above ${shareWords({ measure }, LEARNED)}): ${labels(unlearned)}`,
          ]
        : []),
      ...(short.length > 0
        ? [`tested at less than ${PLATEAU_OCTAVES} octaves beyond N: ${labels(short)}`]
        : []),
      ...(few.length > 0 ? [`fewer than ${LEAST_SEEDS} seeds: ${labels(few)}`] : []),
      ...(repeated > 0 ? [repeatedText(repeated)] : []),
      ...(decision && decision.outside.length > 0
        ? [`beyond ±${PLATEAU_SLOPE}: ${labels(decision.outside.map(i => tested[i]!))}`]
        : []),
    ],
  };
}

/** Whether the tail spans its octaves, all of them beyond the lengths that were trained. */
function isLongEnough({ axes, members }: Setting): boolean {
  const lengths = tailLengths(members[0]!);
  return octavesOf(lengths) >= PLATEAU_OCTAVES && lengths[0]! >= Number(axes['train.length']);
}

/** Why the claim cannot be shown, whatever the slopes. */
function missing(parts: Record<'unknown' | 'short' | 'few' | 'learned', readonly Setting[]>): string | null {
  const { unknown, short, few, learned } = parts;
  if (unknown.length > 0)
    return 'needs the loss of predicting the mean, which is not known for this experiment';
  if (learned.length === 0) return 'needs a setting that is learned';
  if (short.length > 0) return `needs test lengths over ${PLATEAU_OCTAVES} octaves beyond N`;
  return few.length > 0 ? NEEDS_SEEDS : null;
}
