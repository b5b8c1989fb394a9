import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attentionRow, attentionRowBackward } from '../../src/reference/attention.ts';
import { float32Bounds } from '../../src/reference/bound.ts';
import { DENSE_VARIANTS, type DenseVariant, supports } from '../../src/shared/attention-variants.ts';
import { floatsFromBase64, packTokens, toBase64 } from '../../src/shared/base64.ts';
import type { ModelConfig } from '../../src/shared/model-config.ts';
import { pcg4d } from '../../src/shared/random.ts';
import { expectWithin } from '../support/bounds.ts';
import { asRequest, useEngine } from '../support/engine.ts';
import { flat, goldens } from '../support/golden.ts';
import { BASE, randomModel, randomTokens } from '../support/models.ts';

const engine = useEngine();

interface Shape {
  heads: number;
  length: number;
  keyWidth: number;
  valueWidth: number;
  locality: number;
  attention: ModelConfig['attention'];
}

/** Floats in −1…1. */
function noise(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => pcg4d(i, seed, 0, 0)[0] / 2 ** 31 - 1);
}

function inputsOf({ heads: H, length: T, keyWidth, valueWidth, locality }: Shape, seed: number) {
  return {
    queries: noise(H * T * keyWidth, seed),
    keys: noise(H * T * keyWidth, seed + 1),
    values: noise(H * T * valueWidth, seed + 2),
    gradMeans: noise(H * T * valueWidth, seed + 3),
    phi: noise(H * (locality + 1), seed + 4).map(x => 1 + x),
  };
}

/** Float64 loops over every row: the dense definition. */
function reference(shape: Shape, inputs: ReturnType<typeof inputsOf>) {
  const { heads: H, length: T, keyWidth, valueWidth, locality, attention } = shape;
  const config = { ...BASE, locality, attention };
  const out = {
    means: new Float64Array(H * T * valueWidth),
    gradQueries: new Float64Array(H * T * keyWidth),
    gradKeys: new Float64Array(H * T * keyWidth),
    gradValues: new Float64Array(H * T * valueWidth),
    gradPhi: new Float64Array(H * (locality + 1)),
  };
  for (let h = 0; h < H; h++) {
    const phi = inputs.phi.subarray(h * (locality + 1), (h + 1) * (locality + 1));
    for (let i = 0; i < T; i++) {
      const q = (h * T + i) * keyWidth;
      const o = (h * T + i) * valueWidth;
      const logits = Float64Array.from({ length: i + 1 }, (_, j) => {
        let sum = 0;
        for (let k = 0; k < keyWidth; k++)
          sum += inputs.queries[q + k]! * inputs.keys[(h * T + j) * keyWidth + k]!;
        return attention.scale * sum;
      });
      const weights = attentionRow(config, logits, phi);
      const gradWeights = new Float64Array(i + 1);
      for (let j = 0; j <= i; j++) {
        for (let k = 0; k < valueWidth; k++) {
          const v = (h * T + j) * valueWidth + k;
          out.means[o + k]! += weights[j]! * inputs.values[v]!;
          out.gradValues[v]! += weights[j]! * inputs.gradMeans[o + k]!;
          gradWeights[j]! += inputs.gradMeans[o + k]! * inputs.values[v]!;
        }
      }
      const grad = attentionRowBackward(config, weights, gradWeights);
      for (let j = 0; j <= i; j++) {
        for (let k = 0; k < keyWidth; k++) {
          const key = (h * T + j) * keyWidth + k;
          out.gradQueries[q + k]! += attention.scale * grad.logits[j]! * inputs.keys[key]!;
          out.gradKeys[key]! += attention.scale * grad.logits[j]! * inputs.queries[q + k]!;
        }
      }
      grad.phi.forEach((g, t) => {
        out.gradPhi[h * (locality + 1) + t]! += g;
      });
    }
  }
  return out;
}

async function onDevice(shape: Shape, inputs: ReturnType<typeof inputsOf>, variant: DenseVariant) {
  const encoded = Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, toBase64(array)]));
  const answer = await engine.ask('attended', {
    op: 'attention',
    ...shape,
    variant,
    ...(encoded as Record<keyof typeof inputs, string>),
  });
  const names = ['means', 'gradQueries', 'gradKeys', 'gradValues', 'gradPhi'] as const;
  return Object.fromEntries(names.map(name => [name, floatsFromBase64(answer[name])])) as Record<
    (typeof names)[number],
    Float32Array
  >;
}

/** Sums of up to T terms of order 1 in float32, and scores up to D·scale + log(T)·2. */
function tolerance({ length: T, keyWidth, valueWidth }: Shape): number {
  return 2 ** -24 * 8 * (Math.sqrt(T) + keyWidth + valueWidth + 2 * Math.log(T + 1));
}

function expectClose(
  shape: Shape,
  got: Record<string, Float32Array>,
  want: Record<string, Float64Array>,
): void {
  for (const [name, values] of Object.entries(want)) {
    const scale = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
    const error = values.reduce((most, x, i) => Math.max(most, Math.abs(got[name]![i]! - x)), 0);
    expect(error / scale, `${name} of ${JSON.stringify(shape)}`).toBeLessThan(tolerance(shape));
  }
}

const attentions: ModelConfig['attention'][] = [
  { precision: 'infinite', scale: 0.5 },
  { precision: 'finite', bits: null, scale: 0.2 },
  { precision: 'finite', bits: 8, scale: 0.2 },
];

const SUBGROUPS = new Set(['subgroups']);

describe.each(DENSE_VARIANTS)('dense attention, %s variant', variant => {
  const supported = (shape: Shape) => supports(variant, shape, SUBGROUPS);
  const base: Shape = {
    heads: 2,
    length: 300,
    keyWidth: 36,
    valueWidth: 44,
    locality: 3,
    attention: attentions[0]!,
  };

  test.each(attentions.filter(attention => supported({ ...base, attention })))(
    'forward and backward at T = 300: $precision precision, bits $bits',
    async attention => {
      const shape: Shape = { ...base, attention };
      const inputs = inputsOf(shape, 1);
      expectClose(shape, await onDevice(shape, inputs, variant), reference(shape, inputs));
    },
  );

  test('property: random shapes', async () => {
    const shapes = fc.record({
      heads: fc.integer({ min: 1, max: 3 }),
      length: fc.integer({ min: 1, max: 140 }),
      keyWidth: fc.integer({ min: 1, max: 6 }).map(n => 4 * n),
      valueWidth: fc.integer({ min: 1, max: 10 }).map(n => 4 * n),
      locality: fc.integer({ min: 0, max: 5 }),
      // Rounding to bits is discontinuous: a weight near the threshold may round differently in float32.
      attention: fc.constantFrom(...attentions.slice(0, 2)),
    });
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: 0, max: 1000 }), async (shape, seed) => {
        const inputs = inputsOf(shape, 10 * seed);
        expectClose(shape, await onDevice(shape, inputs, variant), reference(shape, inputs));
      }),
      { numRuns: 15 },
    );
  });
});

describe.each(goldens())('forward --kernel dense against golden vector $name', ({ name, model, forward }) => {
  test('read-outs at every position', async () => {
    const sequences = forward.map(({ tokens }) => tokens);
    const request = {
      op: 'forward',
      ...asRequest(model),
      sequences: packTokens(sequences),
      allPositions: true,
      kernel: 'dense',
    } as const;
    const { outputs } = await engine.ask('computed', request);
    const batch = sequences.map(tokens => ({ tokens, target: Array<number>(model.config.outputs).fill(0) }));
    const bounds = float32Bounds(model, batch).outputs;
    forward.forEach((vector, i) => {
      expectWithin(
        `${name} dense, T = ${vector.tokens.length}`,
        flat(outputs[i]),
        flat(vector.outputs),
        bounds[i]!,
      );
    });
  });
});

test('linear and dense agree (property over layers, H, Δ, τ, S, T, widths, precision)', async () => {
  const configs = fc
    .record({
      layers: fc.constantFrom<1 | 2>(1, 2),
      heads: fc.integer({ min: 1, max: 3 }),
      period: fc.integer({ min: 1, max: 4 }),
      locality: fc.integer({ min: 0, max: 4 }),
      vocabulary: fc.integer({ min: 1, max: 5 }),
      width: fc.constantFrom(5, 8),
      keyWidth: fc.constantFrom(3, 8),
      mlpWidth: fc.constantFrom(0, 10, 16),
      attention: fc.constantFrom(...attentions.slice(0, 2)),
    })
    .map(shape => ({ ...BASE, ...shape }));
  await fc.assert(
    fc.asyncProperty(
      configs,
      fc.integer({ min: 1, max: 150 }),
      fc.integer({ min: 0, max: 999 }),
      async (config, T, seed) => {
        const request = asRequest(randomModel(config, seed));
        const sequences = [randomTokens(T, config.vocabulary, seed)];
        const ask = (kernel: 'linear' | 'dense') =>
          engine.ask('computed', {
            op: 'forward',
            ...request,
            sequences: packTokens(sequences),
            allPositions: false,
            kernel,
          });
        const linear = flat((await ask('linear')).outputs);
        const dense = flat((await ask('dense')).outputs);
        const scale = Math.max(1, ...dense.map(Math.abs));
        linear.forEach((value, o) => {
          expect(Math.abs(value - dense[o]!) / scale).toBeLessThan(2e-5);
        });
      },
    ),
    { numRuns: 25 },
  );
});
