import { describe, expect, test } from 'vitest';
import { Baselines, baselineOf } from '../../../src/analysis/baseline.ts';
import {
  octavesOf,
  plateauOf,
  plateauPoints,
  plateauSlope,
  seedMean,
  tailLengths,
} from '../../../src/analysis/plateau.ts';
import { summaryText } from '../../../src/cli/summary.ts';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { cellLine } from '../../support/cells.ts';

function cell(N: number, seed: number, losses: (number | null)[], divergedAtStep: number | null = null) {
  return { ...cellLine({ 'task.omega': 2, 'train.length': N, seed }, losses), divergedAtStep };
}

describe('plateau', () => {
  test('is the geometric mean of the loss over the last three octaves', () => {
    expect(plateauOf(cell(4, 0, [9, 1, 2, 4, 8]))).toBeCloseTo(64 ** (1 / 4), 12);
  });

  test('its tail are the fewest lengths that span three octaves, all where these do not; order does not matter', () => {
    const tested = (...lengths: number[]) => ({
      test: lengths.map(length => ({ length, loss: 1, stderr: 0 })),
    });
    expect(tailLengths(tested(64, 256, 1024, 4096, 16384))).toEqual([1024, 4096, 16384]);
    expect(tailLengths(tested(4096, 100_000, 25_000, 12_500, 50_000))).toEqual([
      12_500, 25_000, 50_000, 100_000,
    ]);
    expect(tailLengths(tested(64, 256))).toEqual([64, 256]);
    expect(octavesOf([1024, 16384])).toBe(4);
  });

  test('its slope is in doublings of the loss an octave', () => {
    const losses = [5, 1, 2, 4, 8].map(x => x ** 0.15);
    expect(plateauSlope(cell(4, 0, losses))).toBeCloseTo(0.15, 12);
    expect(plateauSlope(cell(4, 0, [1]))).toBeNull();
    expect(plateauSlope(cell(4, 0, [1, 0]))).toBeNull();
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
    expect(points[0]!.plateau).toEqual({
      mean: expect.closeTo(Math.sqrt(8), 12),
      factor: expect.closeTo(Math.SQRT2, 12),
      seeds: 2,
      diverged: 1,
    });
    expect(points[1]!.plateau).toEqual({
      mean: expect.closeTo(5, 12),
      factor: null,
      seeds: 1,
      diverged: 0,
    });
  });

  test('nothing but diverged seeds has no mean', () => {
    expect(seedMean([null, null])).toEqual({ mean: null, factor: null, seeds: 0, diverged: 2 });
  });

  test('the summary shows diverged cells and survives when all are', () => {
    expect(summaryText([cell(4, 0, [2]), cell(4, 1, [null], 1)], new Baselines([]))).toMatch(
      /2\.00e\+0 \(1 of 2 diverged\)/,
    );
    expect(summaryText([cell(4, 0, [null], 1)], new Baselines([]))).toMatch(/all 1 diverged/);
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

describe('the loss of predicting the mean', () => {
  test('of k-grams over S tokens is the variance of Dir(1): (S − 1) / (S (S + 1))', () => {
    const config = (S: number) => ({
      task: { kind: 'k-gram', vocabulary: S, k: 2 },
      data: { law: 'dirichlet-markov', alpha: 1 } as const,
      test: { length: [16384], sequences: 1 },
    });
    const losses = [2, 3, 4, 8].map(S => baselineOf(config(S)).predictMean);
    expect(losses.map(loss => Number(loss.toFixed(3)))).toEqual([0.167, 0.167, 0.15, 0.097]);
    // On short strings, most of whose contexts have not occurred, less varies: a training loss has a yardstick of its own.
    const experiment = parseExperiment(
      'name: x\ntask: { kind: k-gram, vocabulary: 8, k: 2 }\ntrain: { length: 8 }\ntest: { length: 64 }',
      'x.yaml',
    );
    const [cell] = cellsOf(experiment);
    const baselines = new Baselines([cell!]);
    expect(baselines.plateau(cell!.axes)).toBeCloseTo(7 / 72, 12);
    expect(baselines.training(cell!.axes)).toBeLessThan(7 / 72 / 2);
    expect(baselines.training({ 'train.length': 9, seed: 0 })).toBeUndefined();
  });

  test('stands beside every plateau of the summary', () => {
    const experiment = parseExperiment(
      'name: x\ntask: { kind: k-gram, vocabulary: [2, 8], k: 1 }\ntrain: { length: 8 }\ntest: { length: 64 }\nseed: [0, 1]',
      'x.yaml',
    );
    const cells = cellsOf(experiment);
    const lines = cells.map(({ axes }) => cellLine(axes, [0.05]));
    const text = summaryText(lines, new Baselines(cells));
    expect(text).toMatch(/5\.00e-2 ×÷ 1\.0 \(30 %\).*5\.00e-2 ×÷ 1\.0 \(51 %\)/);
    expect(text).toMatch(/predict the mean .* 1\.67e-1 .* 9\.72e-2/);
  });

  test('is no yardstick of cross-entropies', () => {
    const experiment = parseExperiment(
      'name: x\ntask: { kind: k-gram, vocabulary: 3, k: 1 }\ntrain: { length: 8, loss: cross-entropy }\ntest: { length: 64 }',
      'x.yaml',
    );
    const [cell] = cellsOf(experiment);
    const baselines = new Baselines([cell!]);
    expect(baselines.plateau(cell!.axes)).toBeUndefined();
    expect(baselines.training(cell!.axes)).toBeUndefined();
  });
});
