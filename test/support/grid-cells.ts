import { stringify } from 'yaml';
import { parseExperiment } from '../../src/config/experiment.ts';
import { type Cell, cellsOf } from '../../src/plan/cells.ts';

/** A grid of one cell that has something of everything. */
export const BASE = {
  name: 'x',
  task: { kind: 'k-gram', vocabulary: 3, k: 1 },
  model: { layers: 2, width: 16, attention: { precision: 'finite', bits: 8 } },
  train: { length: 8, steps: 10 },
  test: { length: [16, 32] },
  seed: 0,
};

/** Cells of an experiment with some `--set`. */
export const cells = (content: object, ...sets: string[]): Cell[] =>
  cellsOf(parseExperiment(stringify(content), 'x.yaml', sets));
