import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linearTimeForward } from '../../../src/reference/linear-time.ts';
import type { ModelConfig } from '../../../src/shared/model-config.ts';
import { outputsOf } from '../../../src/simulation/outputs.ts';
import { BASE, randomModel, randomTokens } from '../../support/models.ts';

const configs: fc.Arbitrary<ModelConfig> = fc
  .record({
    layers: fc.constantFrom<1 | 2>(1, 2),
    heads: fc.integer({ min: 1, max: 3 }),
    period: fc.integer({ min: 1, max: 4 }),
    locality: fc.integer({ min: 0, max: 3 }),
    mlpWidth: fc.constantFrom(0, 6),
    activation: fc.constantFrom<ModelConfig['activation']>('relu', 'gelu'),
    attention: fc.constantFrom<ModelConfig['attention']>(
      { precision: 'infinite', scale: 0.3 },
      { precision: 'finite', bits: 6, scale: 0.3 },
    ),
  })
  .map(shape => ({ ...BASE, ...shape }));

test('outputs through the images of classes are those of the linear-time forward', () => {
  fc.assert(
    fc.property(configs, fc.integer({ min: 1, max: 60 }), fc.nat(1000), (config, T, seed) => {
      const model = randomModel(config, seed);
      const tokens = randomTokens(T, config.vocabulary, seed);
      const plain = linearTimeForward(model, tokens);
      outputsOf(model)(tokens).forEach((value, o) => {
        expect(Math.abs(value - plain[o]!)).toBeLessThan(1e-12 * Math.max(1, Math.abs(plain[o]!)));
      });
    }),
    { numRuns: 60 },
  );
});
