import { Baselines } from '../../analysis/baseline.ts';
import { taskOf } from '../../tasks/registry.ts';
import type { Study } from '../input.ts';
import { attentionMaps } from './attention.ts';
import type { Canvas, Figure } from './figure.ts';
import { lossMap } from './heat-map.ts';
import { lengthsNeeded } from './lengths.ts';
import { lossCurves } from './loss-curves.ts';
import { plateauCurves } from './plateaus.ts';
import { trainingCurves } from './training-curves.ts';

/** Figures of one run. */
export interface StudyFigures {
  /** In the order in which they are read: loss, plateau, training, attention, heat map. */
  results: Figure[];
  /** Training length needed. */
  lengths: Figure[];
}

/** Every figure that a run has data for. `prefix` keeps the names of files apart. */
export function figuresOf(
  canvas: Canvas,
  { run, lengths, curves = {} }: Study,
  prefix: string,
): StudyFigures {
  const { cells } = run;
  if (cells.length === 0) return { results: [], lengths: [] };
  const { task, epsilon: epsilons } = run.manifest.experiment;
  const knobs = taskOf(task.kind).complexity;
  const there = (...figures: (Figure | undefined)[]) => figures.filter(figure => figure !== undefined);
  return {
    results: there(
      lossCurves(canvas, `${prefix}-loss`, cells, Baselines.ofRun(run)),
      plateauCurves(canvas, `${prefix}-plateau`, cells, knobs),
      trainingCurves(canvas, `${prefix}-training`, cells, curves),
      attentionMaps(canvas, `${prefix}-attention`, cells),
      lossMap(canvas, `${prefix}-heat-map`, cells),
    ),
    lengths: there(lengthsNeeded(canvas, `${prefix}-lengths`, cells, lengths, epsilons, knobs)),
  };
}
