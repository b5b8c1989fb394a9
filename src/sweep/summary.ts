import { type Baseline, baselineOf } from '../analysis/baseline.ts';
import { plateauPoints } from '../analysis/plateau.ts';
import { lengthRows, theoryPoints } from '../analysis/predicted.ts';
import type { Cell } from '../plan/cells.ts';
import { type Axes, labelOf, settingOf } from '../results/axes.ts';
import { adapterName } from '../shared/adapter.ts';
import type { Outcome } from './sweep.ts';

/** Baselines by what their column is called. */
export type Baselines = ReadonlyMap<string, Baseline>;

/** What a column of results is called: every axis but training length and seed. */
export function columnOf(axes: Axes): string {
  return labelOf(settingOf(axes)) || 'plateau loss';
}

/** The baselines of each column. */
export function baselinesOf(cells: readonly Cell[]): Baselines {
  const baselines = new Map<string, Baseline>();
  for (const { axes, config } of cells) {
    const column = columnOf(axes);
    if (!baselines.has(column)) baselines.set(column, baselineOf(config));
  }
  return baselines;
}

/** How many cells diverged. */
export function divergedOf({ lines }: Pick<Outcome, 'lines'>): number {
  return lines.filter(line => line.divergedAtStep !== null).length;
}

/** What a run came to: `run --json`. */
export function summaryOf({ experiment, folder, plan, lines, totals, seconds }: Outcome): object {
  const rate = (count: number) => (totals.trainSeconds > 0 ? count / totals.trainSeconds : null);
  return {
    run: folder,
    cells: plan.cells.length,
    alreadyFinished: plan.finished.length,
    finished: lines.length,
    diverged: divergedOf({ lines }),
    plateau: plateauPoints(lines),
    theory: theoryPoints(lines),
    lengths: lengthRows(lines, experiment.content.epsilon),
    baselines: Object.fromEntries(baselinesOf(plan.cells)),
    adapter: totals.adapter && adapterName(totals.adapter),
    sequencesPerSecond: rate(totals.sequences),
    labelsPerSecond: rate(totals.labels),
    seconds,
  };
}
