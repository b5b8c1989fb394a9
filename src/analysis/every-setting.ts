import { type Axes, labelOf } from '../results/axes.ts';
import { everyMeanWithin, LEVEL, type Region } from './region.ts';
import { type Claim, LEAST_SEEDS, listed, NEEDS_SEEDS } from './verdict.ts';

/** A setting, and what was measured in each of its cells. */
interface Measured {
  axes: Axes;
  values: readonly number[];
}

/** What a claim about the mean in every setting comes to. */
export interface EverySetting<S extends Measured> {
  /** The claim's fields that follow from the decision. */
  decided: Pick<
    Claim,
    'value' | 'interval' | 'confidence' | 'level' | 'verdict' | 'lacks' | 'pValue' | 'pFloor'
  >;
  /** Words for the statistic: in which setting `value` was measured. */
  where: string;
  /** Settings with enough seeds, and those of them that are shown to lie outside. */
  tested: S[];
  outside: S[];
  /** A remark on settings with too few seeds, if there are any. */
  remarks: string[];
}

/** Decides whether the mean over seeds lies in a region in every setting (`region.ts`); settings with too few seeds leave it undecided. */
export function everySettingWithin<S extends Measured>(
  settings: readonly S[],
  region: Region,
): EverySetting<S> {
  const tested = settings.filter(({ values }) => values.length >= LEAST_SEEDS);
  const few = settings.filter(({ values }) => values.length < LEAST_SEEDS);
  const decision =
    tested.length > 0
      ? everyMeanWithin(
          tested.map(({ values }) => values),
          region,
        )
      : undefined;
  const lacks = few.length > 0 && decision?.verdict !== 'refuted' ? NEEDS_SEEDS : null;
  const deciding = decision && labelOf(tested[decision.deciding]!.axes);
  return {
    decided: {
      value: decision?.mean ?? null,
      interval: decision?.interval ?? null,
      confidence: 1 - 2 * LEVEL,
      level: LEVEL,
      verdict: decision && lacks === null ? decision.verdict : 'undecided',
      lacks,
      pValue: decision?.pValue ?? null,
      pFloor: null,
    },
    where: deciding ? `, in the setting that decides (${deciding})` : '',
    tested,
    outside: decision?.outside.map(i => tested[i]!) ?? [],
    remarks: few.length > 0 ? [`fewer than ${LEAST_SEEDS} seeds: ${labels(few)}`] : [],
  };
}

/** Settings in words. */
export const labels = (settings: readonly Pick<Measured, 'axes'>[]): string =>
  listed(settings.map(({ axes }) => labelOf(axes) || 'all cells'));
