import { describe, expect, test } from 'vitest';
import { initialise, learningRateMultipliers, randomWeights } from '../../../src/model/initialise.ts';
import { layoutOf, slotOf, unflatten } from '../../../src/model/layout.ts';
import { learningRateFactor } from '../../../src/model/schedule.ts';
import type { ModelConfig } from '../../../src/shared/model-config.ts';
import type { PhiInit } from '../../../src/shared/protocol.ts';

const config: ModelConfig = {
  layers: 2,
  heads: 2,
  width: 64,
  keyWidth: 64,
  mlpWidth: 256,
  vocabulary: 16,
  period: 8,
  locality: 3,
  outputs: 32,
  activation: 'relu',
  norm: 'none',
  attention: { precision: 'infinite', scale: 0.1 },
};
const layout = layoutOf(config);
const start = (seed: number) => initialise(config, { phiInit: [0.2, 0.8], baseWidth: 32, seed });
const values = (flat: Float32Array, name: string) => {
  const slot = slotOf(layout, name);
  return [...flat.subarray(slot.offset, slot.offset + slot.size)];
};

describe('μP initialisation', () => {
  const flat = start(0);
  test.each([
    ['embed', 1],
    ['layer.1.value', 1 / 8],
    ['layer.0.mlp_in', 1 / 8],
    ['layer.1.mlp_out', 1 / 16],
    ['unembed', Math.sqrt(32) / 64],
  ])('%s has mean 0 and standard deviation %d', (name, std) => {
    const own = values(flat, name);
    const n = own.length;
    const mean = own.reduce((a, b) => a + b, 0) / n;
    const deviation = Math.sqrt(own.reduce((sum, x) => sum + x * x, 0) / n);
    expect(Math.abs(mean)).toBeLessThan((5 * std) / Math.sqrt(n));
    expect(Math.abs(deviation / std - 1)).toBeLessThan(5 / Math.sqrt(2 * n));
  });

  test('queries start at 0; weights to check with differ in nothing else', () => {
    const random = randomWeights(config, { phiInit: [0.2, 0.8], baseWidth: 32, seed: 0 });
    for (const { name } of layout.slots) {
      const [started, drawn] = [values(flat, name), values(random, name)];
      if (!name.endsWith('.query')) expect(started).toEqual(drawn);
      else {
        expect(started.every(x => x === 0)).toBe(true);
        expect(drawn.some(x => x !== 0)).toBe(true);
      }
    }
  });

  test('biases are 0, φ lies in its interval and fills it', () => {
    expect(values(flat, 'layer.0.mlp_bias').every(x => x === 0)).toBe(true);
    const phi = values(flat, 'layer.0.phi').concat(values(flat, 'layer.1.phi'));
    for (const x of phi) expect(x).toBeGreaterThanOrEqual(0.2);
    for (const x of phi) expect(x).toBeLessThanOrEqual(0.8);
    expect(Math.max(...phi) - Math.min(...phi)).toBeGreaterThan(0.2);
  });

  test('offsets: in layer 1 the h-th head starts hard at offset h mod (τ+1), in layer 2 φ is 0, nothing else differs', () => {
    const three = { ...config, heads: 3, locality: 1 };
    const from = (phiInit: PhiInit) =>
      unflatten(layoutOf(three), initialise(three, { phiInit, baseWidth: 32, seed: 0 }));
    const [own, interval] = [from('offsets'), from([0, 1])];
    expect([...own['layer.0.phi']!]).toEqual([0, 3, 3, 0, 0, 3]);
    expect([...own['layer.1.phi']!]).toEqual([0, 0, 0, 0, 0, 0]);
    for (const name of Object.keys(own))
      if (!name.endsWith('.phi')) expect(own[name]).toEqual(interval[name]);
  });

  test('the same seed gives the same weights, another seed others', () => {
    expect(start(0)).toEqual(flat);
    expect(start(1)).not.toEqual(flat);
  });

  test('learning rates: hidden and output matrices shrink with width, the rest does not', () => {
    const rates = learningRateMultipliers(config, 32);
    expect(new Set(values(rates, 'layer.0.key'))).toEqual(new Set([0.5]));
    expect(new Set(values(rates, 'unembed'))).toEqual(new Set([0.5]));
    expect(new Set(values(rates, 'embed'))).toEqual(new Set([1]));
    expect(new Set(values(rates, 'layer.1.phi'))).toEqual(new Set([1]));
  });
});

describe('the parts that only some models have', () => {
  const modern: ModelConfig = {
    ...config,
    layers: 5,
    period: 1,
    locality: 0,
    norm: 'rms',
    attention: { rule: 'softmax', encoding: 'absolute', logScale: true, maxLength: 300, scale: 0.1 },
  };
  const initialisation = { phiInit: [0, 0] as [number, number], baseWidth: 32, seed: 3 };
  const own = layoutOf(modern);
  const [flat, rates] = [initialise(modern, initialisation), learningRateMultipliers(modern, 32)];
  const of = (block: Float32Array, name: string) => {
    const { offset, size } = slotOf(own, name);
    return [...block.subarray(offset, offset + size)];
  };

  test('gains and σ start at 1 and learn at the full rate, in every layer', () => {
    const ones = own.slots.map(({ name }) => name).filter(name => /_norm$|log_scale$/.test(name));
    expect(ones).toHaveLength(5 * 3 + 1);
    for (const name of ones) {
      expect(new Set(of(flat, name))).toEqual(new Set([1]));
      expect(new Set(of(rates, name))).toEqual(new Set([1]));
    }
  });

  test('queries start at 0 in every layer', () => {
    for (let l = 0; l < 5; l++) expect(of(flat, `layer.${l}.query`).every(x => x === 0)).toBe(true);
  });

  test('rows of an absolute encoding start like embeddings', () => {
    const rows = of(flat, 'position');
    expect(rows).toHaveLength(300 * 64);
    const deviation = Math.sqrt(rows.reduce((sum, x) => sum + x * x, 0) / rows.length);
    expect(Math.abs(deviation - 1)).toBeLessThan(5 / Math.sqrt(2 * rows.length));
    expect(new Set(of(rates, 'position'))).toEqual(new Set([1]));
  });
});

describe('learning-rate factor', () => {
  const optimiser = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, warmup: 4, clip: null } as const;
  test('warm-up is linear, then cosine from 1 towards 0', () => {
    const factors = Array.from({ length: 12 }, (_, i) =>
      learningRateFactor(i + 1, { ...optimiser, schedule: 'cosine' }, 12),
    );
    expect(factors.slice(0, 5)).toEqual([0.25, 0.5, 0.75, 1, 1]);
    expect(factors[8]).toBeCloseTo(0.5, 12);
    for (let i = 5; i < 12; i++) expect(factors[i]).toBeLessThan(factors[i - 1]!);
    expect(factors[11]).toBeGreaterThan(0);
  });
  test('constant stays at 1', () => {
    expect(learningRateFactor(12, { ...optimiser, schedule: 'constant' }, 12)).toBe(1);
  });
});
