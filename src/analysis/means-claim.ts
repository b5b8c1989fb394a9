import { type Axes, labelOf } from '../results/axes.ts';
import { everyMeanWithin, LEVEL } from './region.ts';
import { type Claim, LEAST_SEEDS, listed, NEEDS_SEEDS } from './verdict.ts';

/** A setting with what its seeds measured. */
export interface Measured {
  /** Axes without the seed. */
  axes: Axes;
  /** Cells, also those that have no value. */
  cells: number;
  values: number[];
}

/** What is claimed of a number that every cell has. */
export interface Asked {
  id: string;
  statement: string;
  /** The number, in words. */
  what: string;
  /** Every setting's mean over seeds is above it. */
  least: number;
}

/** The claim that in every setting the mean over seeds is above a threshold: one-sided t tests, all of which must pass (`region.ts`). */
export function meansAboveClaim({ id, statement, what, least }: Asked, settings: Measured[]): Claim {
  const tested = settings.filter(({ values }) => values.length >= LEAST_SEEDS);
  const few = settings.filter(({ values }) => values.length < LEAST_SEEDS);
  const decision =
    tested.length > 0
      ? everyMeanWithin(
          tested.map(({ values }) => values),
          [least, Infinity],
        )
      : undefined;
  const lacks = few.length > 0 && decision?.verdict !== 'refuted' ? NEEDS_SEEDS : null;
  const deciding = decision && labelOf(tested[decision.deciding]!.axes);
  const labels = (some: { axes: Axes }[]) => listed(some.map(({ axes }) => labelOf(axes) || 'all cells'));
  return {
    id,
    statement,
    statistic: `${what}${deciding ? `, in the setting that decides (${deciding})` : ''}; one-sided t tests over seeds in every setting, all of which must pass`,
    value: decision?.mean ?? null,
    interval: decision?.interval ?? null,
    confidence: 1 - 2 * LEVEL,
    threshold: least,
    level: LEVEL,
    verdict: decision && lacks === null ? decision.verdict : 'undecided',
    lacks,
    seeds: settings.reduce((sum, { values }) => sum + values.length, 0),
    diverged: settings.reduce((sum, { cells, values }) => sum + cells - values.length, 0),
    pValue: decision?.pValue ?? null,
    pFloor: null,
    remarks: [
      ...(few.length > 0 ? [`fewer than ${LEAST_SEEDS} seeds: ${labels(few)}`] : []),
      ...(decision && decision.outside.length > 0
        ? [`below ${least}: ${labels(decision.outside.map(i => tested[i]!))}`]
        : []),
    ],
  };
}
