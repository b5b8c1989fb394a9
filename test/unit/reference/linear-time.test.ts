import fc from 'fast-check';
import { expect, test } from 'vitest';
import { referenceForward } from '../../../src/reference/forward.ts';
import { linearTimeForward } from '../../../src/reference/linear-time.ts';
import type { ModelConfig } from '../../../src/shared/model-config.ts';
import { BASE, randomModel, randomTokens } from '../../support/models.ts';

const configs: fc.Arbitrary<ModelConfig> = fc
  .record({
    layers: fc.constantFrom<1 | 2>(1, 2),
    heads: fc.integer({ min: 1, max: 3 }),
    period: fc.integer({ min: 1, max: 4 }),
    locality: fc.integer({ min: 0, max: 3 }),
    vocabulary: fc.integer({ min: 1, max: 4 }),
    mlpWidth: fc.constantFrom(0, 6),
    attention: fc.constantFrom<ModelConfig['attention']>(
      { precision: 'infinite', scale: 0.3 },
      { precision: 'finite', bits: null, scale: 0.3 },
      { precision: 'finite', bits: 6, scale: 0.3 },
    ),
  })
  .map(shape => ({ ...BASE, ...shape }));

test('the linear-time forward is the dense definition (property over H, Δ, τ, S, T, layers, precision)', () => {
  fc.assert(
    fc.property(
      configs,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 0, max: 1000 }),
      (config, T, seed) => {
        const model = randomModel(config, seed);
        const tokens = randomTokens(T, config.vocabulary, seed);
        const dense = referenceForward(model, tokens).outputs.at(-1)!;
        const linear = linearTimeForward(model, tokens);
        dense.forEach((value, o) => {
          expect(Math.abs(linear[o]! - value)).toBeLessThan(1e-10 * Math.max(1, Math.abs(value)));
        });
      },
    ),
    { numRuns: 60 },
  );
});

test.each<[string, Partial<ModelConfig>]>([
  ['three layers', { layers: 3 }],
  ['a norm', { norm: 'rms' }],
  ['softmax', { locality: 0, attention: { rule: 'softmax', encoding: 'none', logScale: false, scale: 1 } }],
])('there is no linear-time forward of %s', (_, change) => {
  const model = randomModel({ ...BASE, ...change }, 1);
  expect(() => linearTimeForward(model, [0, 1, 2])).toThrow(/no linear path/);
});
