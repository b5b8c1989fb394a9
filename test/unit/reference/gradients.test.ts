import { describe, expect, test } from 'vitest';
import { erf } from '../../../src/model/activation.ts';
import { randomWeights } from '../../../src/model/initialise.ts';
import { layoutOf, unflatten } from '../../../src/model/layout.ts';
import { adamState, adamStep } from '../../../src/reference/adam.ts';
import { labelsOf, lossOfReads, referenceGradient } from '../../../src/reference/backward.ts';
import { referenceForward } from '../../../src/reference/forward.ts';
import type { ModelConfig, Tensors } from '../../../src/shared/model-config.ts';
import { WordStream } from '../../../src/shared/random.ts';

const base: ModelConfig = {
  layers: 1,
  heads: 2,
  width: 5,
  keyWidth: 3,
  mlpWidth: 6,
  vocabulary: 3,
  period: 2,
  locality: 2,
  outputs: 2,
  activation: 'gelu',
  norm: 'none',
  attention: { precision: 'infinite', scale: 0.7 },
};

const SHAPES: { name: string; config: ModelConfig; loss: 'mse' | 'cross-entropy' }[] = [
  { name: 'one layer', config: base, loss: 'mse' },
  { name: 'one layer, ReLU, cross-entropy', config: { ...base, activation: 'relu' }, loss: 'cross-entropy' },
  {
    name: 'one layer, no MLP, τ = 0, Δ = 1',
    config: { ...base, mlpWidth: 0, locality: 0, period: 1 },
    loss: 'mse',
  },
  {
    name: 'finite precision',
    config: { ...base, attention: { precision: 'finite', bits: null, scale: 0.3 } },
    loss: 'mse',
  },
  {
    name: 'finite precision, 8 bits',
    config: { ...base, attention: { precision: 'finite', bits: 8, scale: 0.3 } },
    loss: 'mse',
  },
  { name: 'two layers', config: { ...base, layers: 2 }, loss: 'mse' },
  { name: 'two layers, cross-entropy', config: { ...base, layers: 2, heads: 1 }, loss: 'cross-entropy' },
  {
    name: 'two layers, finite precision',
    config: { ...base, layers: 2, attention: { precision: 'finite', bits: null, scale: 0.3 } },
    loss: 'mse',
  },
  { name: 'four layers, rms', config: { ...base, layers: 4, norm: 'rms' }, loss: 'mse' },
  ...softmaxShapes(),
];

/** Every encoding of softmax, with each norm and with and without σ log i. */
function softmaxShapes(): typeof SHAPES {
  const encodings = [
    { encoding: 'none' },
    { encoding: 'absolute', maxLength: 12 },
    { encoding: 'rope', ropeBase: 20 },
    { encoding: 'alibi' },
  ] as const;
  return encodings.flatMap(encoding =>
    [true, false].map(logScale => ({
      name: `softmax, ${encoding.encoding}${logScale ? ', rms, log scale' : ''}`,
      config: {
        ...base,
        ...{ layers: 2, keyWidth: 4, period: 1, locality: 0, norm: logScale ? 'rms' : 'none' },
        attention: { rule: 'softmax', ...encoding, logScale, scale: 0.7 },
      } as ModelConfig,
      loss: logScale ? 'mse' : 'cross-entropy',
    })),
  );
}

describe.each(SHAPES)('backward against central differences: $name', ({ config, loss }) => {
  const layout = layoutOf(config);
  const flat = Float64Array.from(randomWeights(config, { phiInit: [0.2, 1.4], baseWidth: 5, seed: 11 }));
  const model = (values: Float64Array): { config: ModelConfig; tensors: Tensors<Float64Array> } => ({
    config,
    tensors: Object.fromEntries(
      layout.slots.map(s => [s.name, values.subarray(s.offset, s.offset + s.size)]),
    ),
  });
  const batch = [7, 4].map((length, b) => {
    const stream = new WordStream(5, 0, b);
    return {
      tokens: Array.from({ length }, () => stream.next() % 3),
      reads: [2, length - 1, length],
      targets: [
        [0.3, 0.7],
        [0.1, 0.9],
        [0.6, 0.4],
      ],
      weights: [1, b, 1],
      offset: config.period === 1 && config.locality === 0 ? 3 : 0,
    };
  });
  const { gradient, loss: lossHere } = referenceGradient(model(flat), batch, loss);
  const labels = labelsOf(batch);
  const lossAt = (values: Float64Array) =>
    batch.reduce((sum, sequence) => {
      const { outputs } = referenceForward(model(values), sequence.tokens, sequence);
      return sum + lossOfReads(loss, outputs, sequence, labels).loss;
    }, 0) / labels;

  test('the loss', () => expect(lossHere).toBe(lossAt(flat)));

  test.each(layout.slots.map(slot => ({ tensor: slot.name, slot })))('$tensor', ({ slot }) => {
    const step = 1e-5;
    for (let k = 0; k < slot.size; k++) {
      const at = (delta: number) => {
        const moved = flat.slice();
        moved[slot.offset + k]! += delta;
        return lossAt(moved);
      };
      // Fourth-order central difference: truncation and rounding both stay near 1e-10.
      const numeric = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
      const analytic = gradient[slot.name]![k]!;
      expect(Math.abs(numeric - analytic), `element ${k}`).toBeLessThan(
        1e-7 * Math.max(1, Math.abs(analytic)),
      );
    }
  });
});

test('Adam, two steps worked by hand', () => {
  // g = 1, then 3; β1 = 0.9, β2 = 0.99, ε = 0, rate 0.1: m̂ = 1, v̂ = 1, then m̂ = 0.39/0.19, v̂ = 0.0999/0.0199.
  const optimiser = {
    beta1: 0.9,
    beta2: 0.99,
    epsilon: 1e-300,
    warmup: 0,
    schedule: 'constant',
    clip: null,
  } as const;
  const state = adamState([2, 5]);
  const options = { optimiser, learningRate: 0.1, multipliers: [1, 0.5], steps: 10 };
  adamStep(state, [1, 1], 1, options);
  expect(state.parameters[0]).toBeCloseTo(1.9, 14);
  expect(state.parameters[1]).toBeCloseTo(4.95, 14);
  adamStep(state, [3, 3], 2, options);
  expect(state.parameters[0]).toBeCloseTo(1.9 - (0.1 * (0.39 / 0.19)) / Math.sqrt(0.0999 / 0.0199), 14);
});

test('clipping scales the gradient to the given norm', () => {
  const optimiser = { beta1: 0, beta2: 0, epsilon: 1, warmup: 0, schedule: 'constant', clip: 1 } as const;
  const state = adamState([0, 0]);
  adamStep(state, [30, 40], 1, { optimiser, learningRate: 1, multipliers: [1, 1], steps: 1 });
  expect([...state.moment1]).toEqual([0.6, 0.8]);
});

test.each([
  [0, 0],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [3, 0.9999779095030014],
  [-1.5, -0.9661051464753108],
])('erf(%d)', (x, value) => {
  // Abramowitz and Stegun, table 7.1, and mpmath.
  expect(erf(x)).toBeCloseTo(value, 15);
});

test('the two halves of erf meet at 3', () => {
  expect(erf(3 - 1e-12)).toBeCloseTo(erf(3 + 1e-12), 14);
});

test('unflatten gives the tensors of the layout', () => {
  const layout = layoutOf(base);
  const tensors = unflatten(layout, new Float32Array(layout.stride));
  expect(Object.keys(tensors)).toEqual(layout.slots.map(slot => slot.name));
});
