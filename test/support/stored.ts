import type { CellLine, CurveLine } from '../../src/results/schema.ts';
import type { StoredCell, TheoryOfCell } from '../../src/results/store.ts';

/** A trained cell to store, its theory still to come. */
export function bareCell(cell: string, changes: Partial<CellLine> = {}): StoredCell {
  return {
    line: {
      cell,
      axes: { 'train.length': 4, seed: 0 },
      trainLoss: 0.1,
      trainLossStderr: 0.01,
      divergedAtStep: null,
      test: [{ length: 16, loss: 0.2, stderr: null }],
      steps: 10,
      seconds: 1,
      adapter: 'test',
      ...changes,
    },
    model: new Uint8Array([1, 2, 3]),
  };
}

/** Its curve. */
export const curveOf = (cell: string): CurveLine[] => [1, 2, 3].map(step => ({ cell, step, loss: 1 / step }));

/** What theory says of it: nothing. */
export const THEORY: TheoryOfCell = { theory: null, attention: null };
