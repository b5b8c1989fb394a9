import { expect, test } from 'vitest';
import { linearTimeForward } from '../../../src/reference/linear-time.ts';
import { outputsOf } from '../../../src/simulation/outputs.ts';
import { randomModel, randomTokens } from '../../support/models.ts';
import fc from '../../support/property.ts';
import { shapes } from '../../support/shapes.ts';

test('outputs through the images of classes are those of the linear-time forward', () => {
  fc.assert(
    fc.property(
      shapes({ rounding: true }),
      fc.integer({ min: 1, max: 60 }),
      fc.nat(1000),
      (config, T, seed) => {
        const model = randomModel(config, seed);
        const tokens = randomTokens(T, config.vocabulary, seed);
        const plain = linearTimeForward(model, tokens);
        outputsOf(model)(tokens).forEach((value, o) => {
          expect(Math.abs(value - plain[o]!)).toBeLessThan(1e-12 * Math.max(1, Math.abs(plain[o]!)));
        });
      },
    ),
    { numRuns: 60 },
  );
});
