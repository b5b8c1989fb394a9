import { expect, test } from 'vitest';
import { attentionData, attentionTruth } from '../../../src/bench/attention-data.ts';
import { problemsOf } from '../../../src/bench/problems.ts';
import { type AttentionProblem, SUITES } from '../../../src/bench/protocol.ts';
import { byProblem, standing } from '../../../src/bench/ratios.ts';
import { causalFlops, type Measurement, rowOf, rowSchema } from '../../../src/bench/rows.ts';
import { worstError } from '../../../src/bench/worst-error.ts';
import { ratioLine, rooflineText, rowsText } from '../../../src/cli/bench-text.ts';
import { attentionRow, attentionRowBackward } from '../../../src/reference/attention.ts';
import type { Roofline } from '../../../src/shared/protocol.ts';
import { ATTENTION, row } from '../../support/bench.ts';
import { BASE } from '../../support/models.ts';

const measurement = (overrides: Partial<Measurement> = {}): Measurement => ({
  implementation: 'lengthwise/quad',
  version: '0.1.0',
  samples: [5, 1, 3, 2, 40],
  coldMs: 700,
  maxError: 2e-7,
  tolerance: 1e-4,
  sequences: undefined,
  steps: 1,
  problem: undefined,
  ...overrides,
});
const PEAK = { gflops: 20 };

test('a row holds the median, the ends, and the causal convention', () => {
  const of = rowSchema.parse(rowOf(ATTENTION, measurement(), PEAK, 'paper'));
  expect(of).toMatchObject({ medianMs: 3, minMs: 1, maxMs: 40, coldMs: 700, runs: 5, correct: true });
  // 2 · 64² · 8 operations in 3 ms.
  expect(of.gflops).toBeCloseTo((2 * 64 * 64 * 8) / 3e-3 / 1e9, 12);
  expect(of.shareOfPeak).toBeCloseTo(of.gflops! / 20, 12);
  expect(causalFlops({ ...ATTENTION, direction: 'backward' } as AttentionProblem)).toBe(7 * 64 * 64 * 8);
  expect(rowOf(ATTENTION, measurement({ samples: [4, 1, 3, 2] }), PEAK, 'paper').medianMs).toBe(2.5);
  expect(rowOf(ATTENTION, measurement({ samples: [] }), PEAK, 'paper').medianMs).toBeNull();
});

test('training rows count steps and sequences', () => {
  const problem = {
    suite: 'training',
    model: 'one-layer',
    T: 64,
    D: 32,
    heads: 1,
    direction: 'training',
  } as const;
  const of = rowOf(problem, measurement({ samples: [80], steps: 8, sequences: 2048 }), PEAK, 'paper');
  expect(of).toMatchObject({ medianMs: 10, gflops: null, shareOfPeak: null, model: 'one-layer' });
  expect(of.sequencesPerSecond).toBeCloseTo(2048 / 0.08, 6);
});

test('wrong and failed rows say so', () => {
  expect(rowOf(ATTENTION, measurement({ maxError: 2e-4 }), PEAK, 'paper')).toMatchObject({
    correct: false,
    medianMs: 3,
  });
  expect(rowOf(ATTENTION, measurement({ maxError: null }), PEAK, 'paper').correct).toBe(false);
  const failed = rowOf(
    ATTENTION,
    measurement({ problem: 'no answer within 1 s', samples: [1, 2] }),
    PEAK,
    'paper',
  );
  expect(failed).toMatchObject({ correct: false, medianMs: null, runs: 0, problem: 'no answer within 1 s' });
});

test('errors are relative to the largest result, array by array; what is not a number is wrong', () => {
  const truth = [Float64Array.of(4, -8), Float64Array.of(0.1)];
  expect(worstError([[4, -7.2], [0.1]], truth)).toBeCloseTo(0.1, 12);
  expect(worstError([[4, -8], [0.15]], truth)).toBeCloseTo(0.5, 12);
  expect(worstError([[4, Number.NaN], [0.1]], truth)).toBeNull();
  expect(worstError([[4, -8]], truth)).toBeNull();
  expect(worstError([[4], [0.1]], truth)).toBeNull();
});

test('the float64 loops are causal attention as the reference defines it, forward and backward', () => {
  const problem: AttentionProblem = { suite: 'attention', T: 13, D: 4, heads: 2, direction: 'forward' };
  const data = attentionData(problem);
  const [means] = attentionTruth(data);
  const gradients = attentionTruth({ ...data, direction: 'backward' });
  const config = { ...BASE, locality: 0, attention: { precision: 'infinite' as const, scale: data.scale } };
  const dot = (a: Float32Array, i: number, b: Float32Array, j: number) => {
    let sum = 0;
    for (let d = 0; d < 4; d++) sum += a[i + d]! * b[j + d]!;
    return sum;
  };
  const none = { phi: [0], sigma: 1 };
  const expected = [0, 1, 2].map(() => new Float64Array(data.queries.length));
  for (let h = 0; h < 2; h++) {
    for (let i = 0; i < 13; i++) {
      const at = (j: number) => (h * 13 + j) * 4;
      const logits = Float64Array.from(
        { length: i + 1 },
        (_, j) => data.scale * dot(data.queries, at(i), data.keys, at(j)),
      );
      const weights = attentionRow(config, 0, logits, none);
      const gradWeights = Float64Array.from({ length: i + 1 }, (_, j) =>
        dot(data.gradMeans, at(i), data.values, at(j)),
      );
      const back = attentionRowBackward(config, logits, none, weights, gradWeights).logits;
      for (let d = 0; d < 4; d++) {
        let mean = 0;
        for (let j = 0; j <= i; j++) {
          mean += weights[j]! * data.values[at(j) + d]!;
          expected[0]![at(i) + d]! += data.scale * back[j]! * data.keys[at(j) + d]!;
          expected[1]![at(j) + d]! += data.scale * back[j]! * data.queries[at(i) + d]!;
          expected[2]![at(j) + d]! += weights[j]! * data.gradMeans[at(i) + d]!;
        }
        expect(means![at(i) + d]).toBeCloseTo(mean, 12);
      }
    }
  }
  expect(worstError(gradients, expected)).toBeLessThan(1e-13);
});

test('inputs are standard normal, and the same every time', () => {
  const data = attentionData({ suite: 'attention', T: 256, D: 64, heads: 1, direction: 'forward' });
  const mean = data.queries.reduce((a, b) => a + b, 0) / data.queries.length;
  const variance = data.queries.reduce((a, b) => a + (b - mean) ** 2, 0) / data.queries.length;
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(variance).toBeGreaterThan(0.95);
  expect(variance).toBeLessThan(1.05);
  expect(new Set([data.queries[0], data.keys[0], data.values[0], data.gradMeans[0]]).size).toBe(4);
  expect(attentionData({ suite: 'attention', T: 256, D: 64, heads: 1, direction: 'forward' }).keys).toEqual(
    data.keys,
  );
});

const ROWS = [
  row({ implementation: 'lengthwise/quad', medianMs: 10 }),
  row({ implementation: 'lengthwise/plain', medianMs: 8, correct: false, maxError: 0.2 }),
  row({ implementation: 'jax-js', medianMs: 80 }),
  row({ implementation: 'tfjs-webgpu', medianMs: 300 }),
  row({ implementation: 'onnxruntime-web/group-query', medianMs: 5, correct: false, maxError: 0.4 }),
  row({ implementation: 'plain-loops', medianMs: 60 }),
  row({
    implementation: 'gpu.js',
    medianMs: null,
    minMs: null,
    maxMs: null,
    correct: false,
    problem: 'no answer within 9 s',
  }),
];

/** A roofline whose peak is that of `row()`'s share, times a factor. */
const peakOf = (times: number): Roofline => ({
  gflops: (times * row().gflops!) / row().shareOfPeak!,
  gflopsVector: 1,
  gflopsScalar: 1,
  gbytesPerSecond: times,
  gexpPerSecond: 1,
  dispatchMicros: 30,
  submitMicros: 100,
  submitAndWaitMs: 2,
});

test('a peak that moved is a range, and so are shares of it', () => {
  const share = 100 * row().shareOfPeak!;
  expect(rooflineText([peakOf(1), peakOf(2)])).toMatch(/copy.* 1\.0–2\.0 GB\/s/);
  expect(rooflineText([peakOf(1)])).toMatch(/measured +│/);
  const range = `${(share / 2).toFixed(1)}–${share.toFixed(1)} %`;
  expect(rowsText([row()], [peakOf(1), peakOf(2)])).toContain(range);
  // Rows of another benchmark have a peak that is not known here.
  expect(rowsText([row({ shareOfPeak: 0.9 })], [peakOf(1), peakOf(2)])).toContain('90.0 %');
});

test('a wrong result wins nothing, and nobody is left out of the words', () => {
  const { ours, onAdapter, fastest, ratios } = standing(ROWS);
  expect(ours?.implementation).toBe('lengthwise/quad');
  expect(onAdapter?.implementation).toBe('jax-js');
  expect(fastest?.implementation).toBe('plain-loops');
  expect(ratios.map(({ ratio }) => ratio)).toEqual([6, 8, 30]);
  const line = ratioLine(ROWS);
  expect(line).toMatch(
    /8\.00× the fastest correct peer on this adapter \(jax-js\), 6\.00× the fastest of all \(plain-loops\)/,
  );
  for (const { implementation } of ROWS) expect(line).toContain(implementation);
  expect(line).toMatch(/wrong: lengthwise\/plain, onnxruntime-web\/group-query; no times: gpu\.js/);
  expect(ratioLine([ROWS[1]!, ROWS[2]!])).toMatch(/No implementation of ours has a correct time/);
});

test('a slower one of ours is shown as slower', () => {
  expect(ratioLine([row({ medianMs: 10 }), row({ implementation: 'jax-js', medianMs: 5 })])).toMatch(
    /0\.500× the fastest correct peer/,
  );
});

test('the table has a line for every row, wrong ones in capitals, failed ones with their reason', () => {
  const peaks = [peakOf(2), peakOf(1)];
  const text = rowsText(ROWS, peaks);
  for (const { implementation } of ROWS) expect(text).toContain(implementation);
  expect(text.match(/WRONG/g)).toHaveLength(2);
  expect(text).toContain('no answer within 9 s');
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  expect(rowsText([...ROWS, row({ T: 128 })], peaks).match(/attention forward/g)).toHaveLength(2);
});

test('problems of different shapes are never compared', () => {
  expect(byProblem([row(), row({ T: 128 }), row({ D: 16 }), row({ implementation: 'jax-js' })])).toHaveLength(
    3,
  );
});

test('problems cover lengths × dimensions × heads × directions', () => {
  const problems = problemsOf({
    suites: SUITES,
    lengths: [32, 64],
    dimensions: [8, 16],
    heads: [1, 2],
    directions: ['forward', 'backward'],
  });
  expect(problems.filter(({ suite }) => suite === 'attention')).toHaveLength(16);
  expect(problems.filter(({ suite }) => suite === 'forward').map(({ T }) => T)).toEqual([32, 64]);
  expect(problems.filter(({ suite }) => suite === 'training')).toHaveLength(2);
});
