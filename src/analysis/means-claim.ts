import type { Axes } from '../results/axes.ts';
import { everySettingWithin, labels } from './every-setting.ts';
import type { Claim } from './verdict.ts';

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
  const { decided, where, outside, remarks } = everySettingWithin(settings, [least, Infinity]);
  return {
    ...{ id, statement, threshold: least, ...decided },
    statistic: `${what}${where}; one-sided t tests over seeds in every setting, all of which must pass`,
    seeds: settings.reduce((sum, { values }) => sum + values.length, 0),
    diverged: settings.reduce((sum, { cells, values }) => sum + cells - values.length, 0),
    remarks: [...remarks, ...(outside.length > 0 ? [`below ${least}: ${labels(outside)}`] : [])],
  };
}
