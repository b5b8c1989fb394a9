import type { Axes } from '../results/axes.ts';
import type { CellResult } from '../results/schema.ts';
import type { WorstCase } from '../results/worst-case.ts';
import { groupsBySeed } from './plateau.ts';
import { type Interval, meanInterval, meanOf } from './statistics.ts';

/** How much larger the worst error of a setting's models is than their average one, at one length. Means are geometric. */
export interface WorstRatio {
  /** Axes without the seed. */
  axes: Axes;
  worst: number;
  rms: number;
  ratio: number;
  /** 95 %, a t interval over seeds; null for a single one. */
  interval: Interval | null;
  seeds: number;
}

/** The ratio of every setting in which worst errors were looked for. Errors of 0 have no logarithm, and are left out. */
export function worstRatios(cells: readonly CellResult[], { cells: found }: WorstCase): WorstRatio[] {
  const errors = new Map(found.map(({ cell, worst, rms }) => [cell, { worst, rms }]));
  return groupsBySeed(cells).flatMap(({ axes, members }) => {
    const own = members
      .flatMap(({ cell }) => errors.get(cell) ?? [])
      .filter(({ worst, rms }) => worst > 0 && rms > 0);
    if (own.length === 0) return [];
    const ratios = own.map(({ worst, rms }) => Math.log(worst / rms));
    const geometric = (values: number[]) => Math.exp(meanOf(values.map(Math.log)));
    const interval = own.length > 1 ? meanInterval(ratios) : null;
    return [
      {
        axes,
        worst: geometric(own.map(({ worst }) => worst)),
        rms: geometric(own.map(({ rms }) => rms)),
        ratio: Math.exp(meanOf(ratios)),
        interval: interval && [Math.exp(interval[0]), Math.exp(interval[1])],
        seeds: own.length,
      },
    ];
  });
}
