import { expect, test } from 'vitest';
import { isLimitedByTraining, limitedByTraining } from '../../../src/analysis/limited.ts';
import { cellLine } from '../../support/cells.ts';

test('training is a limit where its loss is above a tenth of the plateau; what is not known, or 0, is none', () => {
  expect(isLimitedByTraining(1, 0.11)).toBe(true);
  expect(isLimitedByTraining(1, 0.1)).toBe(false);
  expect(isLimitedByTraining(null, 1)).toBe(false);
  expect(isLimitedByTraining(1, null)).toBe(false);
});

test('it is the means over seeds that are compared, setting by setting', () => {
  const cell = (N: number, seed: number, trainLoss: number) => ({
    ...cellLine({ 'train.length': N, seed }, [1]),
    trainLoss,
  });
  // Geometric means of 0.09 and of 0.3.
  const cells = [cell(4, 0, 0.9), cell(4, 1, 0.009), cell(8, 0, 0.3), cell(8, 1, 0.3)];
  expect(limitedByTraining(cells)).toEqual([{ 'train.length': 8 }]);
});

test('error rates have no training loss to lie beside', () => {
  const cell = cellLine({ 'train.length': 4 }, [0.5]);
  const judged = {
    ...cell,
    trainLoss: 1,
    test: cell.test.map(point => ({ ...point, exactMatch: 0.9, sequences: 100 })),
  };
  expect(limitedByTraining([judged])).toEqual([]);
});
