import fc from 'fast-check';
import { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { ACTIVATIONS } from '../../../src/model/activation.ts';
import { classTables, FirstLayer } from '../../../src/model/first-layer.ts';
import { dot } from '../../../src/shared/linear.ts';
import type { ModelConfig } from '../../../src/shared/model-config.ts';
import { normComplexity } from '../../../src/theory/complexity.ts';
import { logitMatrix, normsOf } from '../../../src/theory/norms.ts';
import { contentRange, rangeComplexity, spreadOf } from '../../../src/theory/range.ts';
import { extent, reachableStates, support } from '../../../src/theory/reachable.ts';
import { relax, slopes } from '../../../src/theory/relaxation.ts';
import { slopeBound } from '../../../src/theory/slope-bound.ts';
import { goldens } from '../../support/golden.ts';
import { BASE, randomModel, randomTokens } from '../../support/models.ts';

const interval = fc
  .tuple(fc.double({ min: -8, max: 8, noNaN: true }), fc.double({ min: -8, max: 8, noNaN: true }))
  .map(([a, b]) => ({ low: Math.min(a, b), high: Math.max(a, b) }));
const share = fc.double({ min: 0, max: 1, noNaN: true });
const kinds = fc.constantFrom('relu' as const, 'gelu' as const);

describe('linear stand-ins for ψ (property)', () => {
  it('hold ψ between line − radius and line + radius, and slopes between their bounds', () => {
    fc.assert(
      fc.property(kinds, interval, share, (kind, range, at) => {
        const x = range.low + at * (range.high - range.low);
        const { slope, middle, radius } = relax(kind, range);
        const { value, slope: slopeAt } = ACTIVATIONS[kind];
        expect(Math.abs(value(x) - slope * x - middle)).toBeLessThanOrEqual(radius + 1e-12);
        const { low, high } = slopes(kind, range);
        if (x > range.low && x < range.high) {
          expect(slopeAt(x)).toBeGreaterThanOrEqual(low);
          expect(slopeAt(x)).toBeLessThanOrEqual(high);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

it('a neuron whose input is always 0 has one slope', () => {
  expect(slopes('relu', { low: 0, high: 0 })).toEqual({ low: 0, high: 0 });
  expect(relax('relu', { low: 0, high: 0 }).radius).toBe(0);
});

const configs: ModelConfig[] = [
  BASE,
  { ...BASE, activation: 'gelu', period: 2, heads: 1 },
  { ...BASE, mlpWidth: 0 },
  // More classes than have sets of their own.
  { ...BASE, vocabulary: 5, period: 4, heads: 1 },
];

describe.each(configs)(
  'reachable states, $activation, Δ = $period, S = $vocabulary, MLP $mlpWidth',
  config => {
    const model = randomModel(config, 11);
    const tables = classTables(model);
    const sets = reachableStates(model, tables);

    it('hold every state of every sampled sequence, in every direction tried', () => {
      const layer = new FirstLayer(model, tables);
      for (const token of randomTokens(400, config.vocabulary, 3)) {
        layer.see(token);
        const y = layer.state();
        const set = sets.find(({ queries }) => queries.includes(layer.suffix[0]!))!;
        for (let seed = 0; seed < 4; seed++) {
          const direction = Float64Array.from(randomTokens(config.width, 256, seed), x => x - 128);
          expect(dot(direction, y)).toBeLessThanOrEqual(support(set, direction) + 1e-9);
        }
      }
    });

    it('bound the range of layer-2 logits between sampled states', () => {
      const layer = new FirstLayer(model, tables);
      const states = randomTokens(200, config.vocabulary, 4).map(token => {
        layer.see(token);
        return layer.state();
      });
      for (let h = 0; h < config.heads; h++) {
        const M = logitMatrix(model, 1, h);
        const direction = Float64Array.from(M.mmul(Matrix.columnVector(states.at(-1)!)).to1DArray());
        const logits = states.map(y => dot(direction, y));
        expect(Math.max(...logits) - Math.min(...logits)).toBeLessThanOrEqual(extent(sets, direction) + 1e-9);
      }
    });

    it('slope bound holds between sampled states of one query class', () => {
      const set = sets[0]!;
      const bound = slopeBound(model, 0, set.pre, false);
      const layer = new FirstLayer(model, tables);
      const seen: Float64Array[] = [];
      for (const token of randomTokens(300, config.vocabulary, 9)) {
        layer.see(token);
        if (set.queries.includes(layer.suffix[0]!)) seen.push(layer.state());
      }
      // y^(1) moves with the histogram by at most bound · Σ_h spread_h, because attention is a probability vector.
      const most =
        bound *
        (tables.values.map(spreadOf).reduce((a, b) => a + b, 0) +
          (set.queries.length > 1 ? spreadOf(tables.embedding) : 0));
      for (const y of seen)
        expect(Math.hypot(...y.map((x, k) => x - seen[0]![k]!))).toBeLessThanOrEqual(most);
    });
  },
);

describe('range form of C(f)', () => {
  it.each(goldens())('is below the norm form on golden model $name', ({ model }) => {
    const tables = classTables(model);
    expect(rangeComplexity(model, tables)).toBeLessThan(normComplexity(model.config, normsOf(model, tables)));
  });

  it('bounds how far f moves with the class histogram: one layer, every pair of sampled strings that end alike', () => {
    const config: ModelConfig = { ...BASE, layers: 1, locality: 0 };
    const model = randomModel(config, 2, [0, 0]);
    const tables = classTables(model);
    const constant = 10 ** rangeComplexity(model, tables);
    const runs = Array.from({ length: 40 }, (_, seed) => {
      const layer = new FirstLayer(model, tables);
      for (const token of randomTokens(60, 3, seed)) layer.see(token);
      layer.see(0);
      const counts = layer.counts.slice();
      counts[layer.suffix[0]!]!++;
      return { counts: counts.map(n => n / layer.position), y: layer.state() };
    });
    const read = (y: Float64Array) =>
      Array.from({ length: 3 }, (_, o) =>
        dot(y, Float64Array.from(model.tensors.unembed!.subarray(o * 8, o * 8 + 8))),
      );
    for (const a of runs) {
      for (const b of runs) {
        const moved = a.counts.reduce((sum, x, c) => sum + Math.abs(x - b.counts[c]!), 0);
        const [f, g] = [read(a.y), read(b.y)];
        expect(Math.hypot(...f.map((x, o) => x - g[o]!))).toBeLessThanOrEqual(constant * moved + 1e-12);
      }
    }
  });

  it('content ranges are those of the logit table', () => {
    const model = randomModel(BASE, 1);
    const tables = classTables(model);
    const row = tables.logits[1]![2]!;
    expect(contentRange(tables, 1, 2)).toBe(Math.max(...row) - Math.min(...row));
  });
});
