import { GPU } from 'gpu.js';
import { describe, expect, test } from 'vitest';
import { gpujsForward } from '../../../src/gpujs/forward.ts';
import { longestFor, MOST_LOGITS, paddedLength } from '../../../src/gpujs/lengths.ts';
import { float32Bounds } from '../../../src/reference/bound.ts';
import { referenceForward } from '../../../src/reference/forward.ts';
import type { ModelConfig } from '../../../src/shared/model-config.ts';
import { expectWithin } from '../../support/bounds.ts';
import { flat, goldens, unlabelled } from '../../support/golden.ts';
import { randomModel, randomTokens } from '../../support/models.ts';
import fc from '../../support/property.ts';
import { shapes } from '../../support/shapes.ts';

const gpu = new GPU({ mode: 'cpu' });

describe.each(goldens())('gpu.js on the CPU against golden vector $name', ({ name, model, forward }) => {
  test('read-outs at every position, each length at once', async () => {
    const sequences = forward.map(({ tokens }) => tokens);
    const { outputs, backends } = await gpujsForward(gpu, model, sequences, true);
    expect(backends).toEqual(['cpu']);
    const bounds = float32Bounds(model, unlabelled(sequences)).outputs;
    forward.forEach((vector, i) => {
      expectWithin(
        `${name} gpu.js, T = ${vector.tokens.length}`,
        flat(outputs[i]),
        flat(vector.outputs),
        bounds[i]!,
      );
    });
  });
});

describe('gpu.js against the float64 reference', () => {
  test('property: any layers, H, Δ, τ, S, T, widths, ψ, precision', async () => {
    await fc.assert(
      fc.asyncProperty(shapes(), fc.integer({ min: 1, max: 70 }), fc.nat(999), async (config, T, seed) => {
        const model = randomModel(config, seed);
        const tokens = randomTokens(T, config.vocabulary, seed);
        const [rows] = (await gpujsForward(gpu, model, [tokens], true)).outputs;
        const want = referenceForward(model, tokens).outputs;
        expect(rows).toHaveLength(T);
        const scale = Math.max(1, ...flat(want.map(row => [...row])).map(Math.abs));
        rows!.forEach((row, i) => {
          row.forEach((value, o) => {
            expect(Math.abs(value - want[i]![o]!) / scale).toBeLessThan(2e-5);
          });
        });
      }),
      { numRuns: 40 },
    );
  });

  test('the last position alone is the last of all', async () => {
    const { model, forward } = goldens(2)[0]!;
    const sequences = forward.map(({ tokens }) => tokens);
    const all = (await gpujsForward(gpu, model, sequences, true)).outputs;
    const last = (await gpujsForward(gpu, model, sequences, false)).outputs;
    expect(last).toEqual(all.map(rows => rows.slice(-1)));
  });

  test('p bits: a weight at the threshold is rounded to 0, one just above it is not', async () => {
    // Two positions, log 2 · (φ[0] − φ[1]) = bits · log 2: the second weight is 2^−bits.
    const config: ModelConfig = {
      layers: 1,
      heads: 1,
      width: 1,
      keyWidth: 1,
      mlpWidth: 0,
      vocabulary: 2,
      period: 1,
      locality: 1,
      outputs: 1,
      activation: 'relu',
      norm: 'none',
      attention: { precision: 'finite', bits: 2, scale: 1 },
    };
    const at = async (gap: number) => {
      const tensors = {
        embed: Float32Array.of(0, 1),
        position: Float32Array.of(0),
        'layer.0.query': Float32Array.of(0),
        'layer.0.key': Float32Array.of(0),
        'layer.0.value': Float32Array.of(1),
        'layer.0.phi': Float32Array.of(gap, 0),
        unembed: Float32Array.of(1),
      };
      return (await gpujsForward(gpu, { config, tensors }, [[1, 0]], false)).outputs[0]![0]![0]!;
    };
    expect(await at(2.01)).toBe(0);
    const w = 2 ** -1.99;
    expect(await at(1.99)).toBeCloseTo(w / (1 + w), 6);
  });
});

describe('lengths', () => {
  test('are padded to powers of two, and never beyond what is allowed', () => {
    expect([1, 16, 17, 1000].map(T => paddedLength(T, 1))).toEqual([16, 16, 32, 1024]);
    expect(longestFor(1)).toBe(4096);
    for (const heads of [1, 2, 3, 7]) {
      const longest = longestFor(heads);
      expect(heads * longest ** 2).toBeLessThanOrEqual(MOST_LOGITS);
      for (const T of [1, 100, longest - 1, longest]) {
        expect(paddedLength(T, heads)).toBeGreaterThanOrEqual(T);
        expect(paddedLength(T, heads)).toBeLessThanOrEqual(longest);
      }
    }
  });
});
