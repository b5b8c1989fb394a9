import { describe, expect, test } from 'vitest';
import { baselineOf } from '../../../src/analysis/baseline.ts';
import { plateauOf, plateauPoints, seedMean } from '../../../src/analysis/plateau.ts';
import { summaryText } from '../../../src/cli/summary.ts';
import { cellLine } from '../../support/cells.ts';

function cell(N: number, seed: number, losses: (number | null)[], divergedAtStep: number | null = null) {
  return { ...cellLine({ 'task.omega': 2, 'train.length': N, seed }, losses), divergedAtStep };
}

describe('plateau', () => {
  test('is the mean loss over the last two octaves', () => {
    expect(plateauOf(cell(4, 0, [9, 1, 2, 6]))).toBe(3);
  });

  test('a diverged cell has none', () => {
    expect(plateauOf(cell(4, 0, [1, 2, 3, null]))).toBeNull();
    expect(plateauOf(cell(4, 0, [1, 2, 3, 4], 7))).toBeNull();
  });

  test('seeds are averaged, diverged ones counted', () => {
    const points = plateauPoints([cell(4, 0, [2]), cell(4, 1, [4]), cell(4, 2, [1], 3), cell(8, 0, [5])]);
    expect(points.map(point => point.axes)).toEqual([
      { 'task.omega': 2, 'train.length': 4 },
      { 'task.omega': 2, 'train.length': 8 },
    ]);
    expect(points[0]!.plateau).toEqual({ mean: 3, stderr: 1, seeds: 2, diverged: 1 });
    expect(points[1]!.plateau).toEqual({ mean: 5, stderr: null, seeds: 1, diverged: 0 });
  });

  test('nothing but diverged seeds has no mean', () => {
    expect(seedMean([null, null])).toEqual({ mean: null, stderr: null, seeds: 0, diverged: 2 });
  });

  test('the summary shows diverged cells and survives when all are', () => {
    expect(summaryText([cell(4, 0, [2]), cell(4, 1, [null], 1)], new Map())).toMatch(
      /2\.00e\+0 \(1 of 2 diverged\)/,
    );
    expect(summaryText([cell(4, 0, [null], 1)], new Map())).toMatch(/all 1 diverged/);
  });
});

test('the order-0 predictor of an order-1 chain loses what the contexts know', () => {
  const data = { law: 'dirichlet-markov', alpha: 1 } as const;
  const test = { length: [256], sequences: 1 };
  const baseline = baselineOf({ task: { kind: 'k-gram', vocabulary: 3, k: 1 }, data, test });
  expect(baseline.orderZero).toBeGreaterThan(0.05);
  // The variance of Dir(1, 1, 1) summed over outputs is 1/6; sampling adds a little.
  expect(baseline.predictMean).toBeGreaterThan(0.15);
  expect(baseline.predictMean).toBeLessThan(0.2);
});

test('predicting the mean of SimpleTask: the variance of sin(ω u), u uniform on [−1, 1]', () => {
  const data = { law: 'dirichlet-iid', alpha: 1 } as const;
  const test = { length: [1024], sequences: 1 };
  const { predictMean, orderZero } = baselineOf({ task: { kind: 'simple', omega: 2 }, data, test });
  expect(predictMean).toBeCloseTo(0.5 - Math.sin(4) / 8, 1);
  expect(orderZero).toBeUndefined();
});
