import { expect, test } from 'vitest';
import { referenceForward } from '../../../src/reference/forward.ts';
import { linearTimeForward } from '../../../src/reference/linear-time.ts';
import type { ModelConfig } from '../../../src/shared/model-config.ts';
import { BASE, randomModel, randomTokens } from '../../support/models.ts';
import fc from '../../support/property.ts';
import { shapes } from '../../support/shapes.ts';

test('the linear-time forward is the dense definition (property over H, Δ, τ, S, T, layers, precision)', () => {
  fc.assert(
    fc.property(
      shapes({ rounding: true }),
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
