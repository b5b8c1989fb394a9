import { describe, expect, it } from 'vitest';
import { ACTIVATIONS } from '../../../src/model/activation.ts';
import { classTables, FirstLayer, throughMlp } from '../../../src/model/first-layer.ts';
import { linearTimeForward } from '../../../src/reference/linear-time.ts';
import { add, dot } from '../../../src/shared/linear.ts';
import type { ModelConfig } from '../../../src/shared/model-config.ts';
import { normComplexity } from '../../../src/theory/complexity.ts';
import { logitMap, normsOf } from '../../../src/theory/norms.ts';
import { contentRange, rangeComplexity } from '../../../src/theory/range.ts';
import { type ReachableSet, rangeOf, reachableStates } from '../../../src/theory/reachable.ts';
import { relax, slopes } from '../../../src/theory/relaxation.ts';
import { slopeBound } from '../../../src/theory/slope-bound.ts';
import { goldens } from '../../support/golden.ts';
import { BASE, randomModel, randomTokens } from '../../support/models.ts';
import fc from '../../support/property.ts';

/** How far apart two reachable states can be in direction g. */
function extent(sets: readonly ReachableSet[], g: Float64Array): number {
  const { low, high } = rangeOf(sets, g);
  return high - low;
}

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
    const directions = [1, 2, 3, 4].map(seed =>
      Float64Array.from(randomTokens(config.width, 256, seed), x => x / 128 - 1),
    );

    it('hold every state of every sampled sequence, in every direction tried', () => {
      const layer = new FirstLayer(model, tables);
      for (const token of randomTokens(400, config.vocabulary, 3)) {
        layer.see(token);
        const y = layer.state();
        const own = sets.filter(({ queries }) => queries.includes(layer.suffix[0]!));
        // One of the query's sets holds y in every direction.
        const holds = own.some(set =>
          directions.every(direction => {
            const { low, high } = rangeOf([set], direction);
            const at = dot(direction, y);
            return at >= low - 1e-9 && at <= high + 1e-9;
          }),
        );
        expect(holds).toBe(true);
      }
    });

    it('are cut into cells that together are smaller than the whole, or as small', () => {
      const whole = reachableStates(model, tables, 1);
      expect(sets.length).toBeLessThanOrEqual(64);
      const gains = directions.map(direction => extent(whole, direction) - extent(sets, direction));
      expect(Math.min(...gains)).toBeGreaterThanOrEqual(-1e-9);
      const canCut = config.mlpWidth > 0 && config.vocabulary * config.period <= 16;
      expect(sets.length > whole.length).toBe(canCut);
      if (canCut) expect(Math.max(...gains)).toBeGreaterThan(0.1);
    });

    it('slope bounds hold between any two points of the hulls', () => {
      const { queries } = sets[0]!;
      const slopeOf = slopeBound(model, 0, false).at;
      const bound = Math.max(...sets.filter(set => set.queries === queries).map(({ pre }) => slopeOf(pre)));
      const point = (seed: number) => {
        const Y = tables.embedding[queries[0]!]!.slice();
        tables.values.forEach((values, h) => {
          // Mixtures of few classes reach the corners.
          const weights = randomTokens(values.length, 1000, 10 * seed + h).map(x => (x / 1000) ** 6);
          const all = weights.reduce((a, b) => a + b, 1e-9);
          values.forEach((v, c) => {
            add(Y, v, weights[c]! / all);
          });
        });
        return Y;
      };
      let steepest = 0;
      for (let seed = 0; seed < 400; seed++) {
        const [a, b] = [point(2 * seed), point(2 * seed + 1)];
        const moved = Math.hypot(...a.map((x, k) => x - b[k]!));
        const [y, z] = [throughMlp(model, 0, a), throughMlp(model, 0, b)];
        steepest = Math.max(steepest, Math.hypot(...y.map((x, k) => x - z[k]!)) / moved);
      }
      expect(steepest).toBeLessThanOrEqual(bound);
      console.info(`steepest ${steepest.toFixed(2)}, bound ${bound.toFixed(2)}`);
      expect(steepest).toBeGreaterThan(bound / 3);
    });

    it('bound the range of layer-2 logits between sampled states', () => {
      const layer = new FirstLayer(model, tables);
      const states = randomTokens(200, config.vocabulary, 4).map(token => {
        layer.see(token);
        return layer.state();
      });
      for (let h = 0; h < config.heads; h++) {
        const direction = logitMap(model, 1, h).apply(states.at(-1)!);
        const logits = states.map(y => dot(direction, y));
        expect(Math.max(...logits) - Math.min(...logits)).toBeLessThanOrEqual(extent(sets, direction) + 1e-9);
      }
    });
  },
);

describe('range form of C(f)', () => {
  it.each(goldens())('is below the norm form on golden model $name', ({ model }) => {
    const tables = classTables(model);
    expect(rangeComplexity(model, tables)).toBeLessThan(normComplexity(model.config, normsOf(model)));
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

  it.each([1, 2, 3])(
    'bounds how far f moves with the law of (class, histogram): two layers, strings that differ in some places, %d',
    seed => {
      // φ = 0 and τ = 0: f(x) depends on the last class, the histogram and the law of (class, running histogram) alone.
      const config: ModelConfig = { ...BASE, locality: 0 };
      const model = randomModel(config, seed, [0, 0]);
      const constant = 10 ** rangeComplexity(model, classTables(model));
      let most = 0;
      for (let draw = 0; draw < 60; draw++) {
        const x = randomTokens(50, 3, 100 * seed + draw);
        const z = x.slice();
        for (let k = 0; k <= draw % 8; k++) z[randomTokens(1, 49, 7 * draw + k)[0]!] = (draw + k) % 3;
        let [histograms, differing] = [0, 0];
        const [a, b] = [Array<number>(3).fill(0), Array<number>(3).fill(0)];
        let last = 0;
        x.forEach((token, i) => {
          a[token]!++;
          b[z[i]!]!++;
          last = a.reduce((sum, n, c) => sum + Math.abs(n - b[c]!), 0) / (i + 1);
          if (token === z[i]) histograms += last / x.length;
          else differing += 1 / x.length;
        });
        const [f, g] = [linearTimeForward(model, x), linearTimeForward(model, z)];
        const moved = Math.hypot(...f.map((y, o) => y - g[o]!));
        const law = Math.max(last, histograms, differing);
        expect(moved).toBeLessThanOrEqual(constant * law + 1e-12);
        if (law > 0) most = Math.max(most, moved / law);
      }
      console.info(`largest change ${(most).toFixed(2)} a unit of law, bounded by ${constant.toFixed(0)}`);
      expect(most).toBeGreaterThan(0);
    },
  );

  it('content ranges are those of the logit table', () => {
    const model = randomModel(BASE, 1);
    const tables = classTables(model);
    const row = tables.logits[1]![2]!;
    expect(contentRange(tables, 1, 2)).toBe(Math.max(...row) - Math.min(...row));
  });
});
