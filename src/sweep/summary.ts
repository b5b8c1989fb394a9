import { Baselines } from '../analysis/baseline.ts';
import { plateauPoints } from '../analysis/plateau.ts';
import { lengthRows, theoryPoints } from '../analysis/predicted.ts';
import { type Axes, labelOf, settingOf } from '../results/axes.ts';
import { adapterName } from '../shared/adapter.ts';
import type { Outcome } from './sweep.ts';

/** What a column of results is called: every axis but training length and seed. */
export function columnOf(axes: Axes): string {
  return labelOf(settingOf(axes)) || 'plateau';
}

/** How many cells diverged. */
export function divergedOf({ lines }: Pick<Outcome, 'lines'>): number {
  return lines.filter(line => line.divergedAtStep !== null).length;
}

/** What a run came to: `run --json`. */
export function summaryOf({ experiment, folder, plan, lines, totals, seconds }: Outcome): object {
  const baselines = new Baselines(plan.cells);
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
    baselines: Object.fromEntries(
      plateauPoints(lines).map(({ axes }) => [columnOf(axes), baselines.of(axes)]),
    ),
    adapter: totals.adapter && adapterName(totals.adapter),
    sequencesPerSecond: rate(totals.sequences),
    labelsPerSecond: rate(totals.labels),
    seconds,
  };
}
