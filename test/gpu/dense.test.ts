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
import { shapes } from '../support/shapes.ts';

const engine = useEngine();

interface Shape {
  heads: number;
  length: number;
  keyWidth: number;
  valueWidth: number;
  locality: number;
  attention: ModelConfig['attention'];
  lastRows?: number;
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

const infinite: ModelConfig['attention'] = { precision: 'infinite', scale: 0.5 };
const unrounded: ModelConfig['attention'] = { precision: 'finite', bits: null, scale: 0.2 };
const rounded = (bits: number): ModelConfig['attention'] => ({ precision: 'finite', bits, scale: 0.2 });

const shapeOf = (
  heads: number,
  length: number,
  keyWidth: number,
  valueWidth: number,
  locality: number,
  attention: ModelConfig['attention'],
): Shape => ({ heads, length, keyWidth, valueWidth, locality, attention });

/** Lengths around the tiles of 4, 32 and 64 rows, narrow and wide heads, every rule. */
const SHAPES = [
  shapeOf(1, 1, 4, 4, 0, infinite),
  shapeOf(2, 2, 4, 4, 0, unrounded),
  shapeOf(3, 7, 4, 20, 5, infinite),
  shapeOf(1, 63, 16, 16, 2, rounded(2)),
  shapeOf(2, 64, 16, 16, 2, unrounded),
  shapeOf(1, 65, 20, 12, 3, rounded(8)),
  shapeOf(1, 257, 16, 16, 2, infinite),
];
/** At this width kernels with eight rows in registers take many seconds to compile. */
const WIDE = shapeOf(1, 130, 64, 64, 2, infinite);

const SUBGROUPS = new Set(['subgroups']);

describe.each(DENSE_VARIANTS)('dense attention, %s variant', variant => {
  const shapes = [...SHAPES, ...(variant === 'qb-fused-8' ? [] : [WIDE])];

  test.each(shapes.filter(shape => supports(variant, shape, SUBGROUPS)))(
    'forward and backward: $heads heads, T $length, keys $keyWidth, values $valueWidth, τ $locality, $attention',
    async shape => {
      const inputs = inputsOf(shape, 1);
      expectClose(shape, await onDevice(shape, inputs, variant), reference(shape, inputs));
    },
  );

  // Lengths and rows are run-time numbers: nothing is compiled anew.
  test('property: any length, any number of last rows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 0, max: 1000 }),
        async (length, rows, seed) => {
          const lastRows = Math.min(rows, length);
          const shape = { ...shapeOf(2, length, 16, 16, 2, unrounded), lastRows };
          const inputs = inputsOf(shape, 10 * seed);
          const want = reference(shape, inputs);
          for (let h = 0; h < 2; h++) want.means.fill(0, h * length * 16, ((h + 1) * length - lastRows) * 16);
          expectClose(shape, await onDevice(shape, inputs, variant), want);
        },
      ),
      { numRuns: 8 },
    );
  });
});

test('variants that cannot round are never offered for it', () => {
  const shape = shapeOf(1, 100, 16, 16, 0, rounded(8));
  const able = DENSE_VARIANTS.filter(variant => supports(variant, shape, SUBGROUPS));
  expect(able).toEqual(['qb-3pass', 'flash-wg', 'quad', 'plain']);
  expect(DENSE_VARIANTS.filter(variant => supports(variant, shape, new Set()))).not.toContain('qb-3pass');
});

test('tuning measures every variant of a shape and finds it right', async () => {
  const shape = { ...shapeOf(1, 128, 16, 16, 2, unrounded), lastRows: 3 };
  const { trials } = await engine.ask('tuned', { op: 'tune', shape });
  expect(trials.map(({ variant }) => variant)).toEqual([...DENSE_VARIANTS]);
  for (const trial of trials) {
    expect(trial).toMatchObject({ right: true });
    expect(trial.maxError).toBeLessThan(1e-5);
    expect(trial.runMs).toBeGreaterThan(0);
  }
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

test('linear and dense agree (property over layers, H, Δ, τ, S, T, widths, ψ, precision)', async () => {
  await fc.assert(
    fc.asyncProperty(
      shapes(),
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
    // Nearly every run compiles its own kernels.
    { numRuns: 10 },
  );
});
