import { describe, expect, it } from 'vitest';
import { paddedModel } from '../../../src/model/padded.ts';
import { linearTimeForward } from '../../../src/reference/linear-time.ts';
import type { AnyModel, ModelConfig } from '../../../src/shared/model-config.ts';
import { deterministicShort, shortestLength } from '../../../src/simulation/deterministic.ts';
import { distance } from '../../../src/simulation/simulate.ts';
import { pairInputs } from '../../../src/theory/pair.ts';
import { largestError } from '../../support/golden.ts';
import { memberOf } from '../../support/member.ts';
import { BASE, randomModel, randomTokens } from '../../support/models.ts';
import fc from '../../support/property.ts';
import { everyString } from '../../support/strings.ts';

const ONE: ModelConfig = { ...BASE, layers: 1, vocabulary: 2, heads: 1, outputs: 2 };
const source = { law: 'uniform-iid', vocabulary: 2, alphaThousandths: 1000, order: 0, key: 1 } as const;
const options = { epsilons: [0.1], bits: null, alpha: 1, source } as const;

describe('a model padded to a longer period and a larger τ (property)', () => {
  it.each([1, 2] as const)('is the same function, %d layers', layers => {
    fc.assert(
      fc.property(
        fc.record({
          period: fc.integer({ min: 1, max: 3 }),
          times: fc.integer({ min: 1, max: 3 }),
          locality: fc.integer({ min: 0, max: 3 }),
          more: fc.integer({ min: 0, max: 3 }),
          length: fc.integer({ min: 1, max: 30 }),
          finite: fc.boolean(),
        }),
        ({ period, times, locality, more, length, finite }) => {
          const attention = finite
            ? ({ precision: 'finite', bits: 6, scale: 0.35 } as const)
            : BASE.attention;
          const model = randomModel({ ...BASE, layers, period, locality, attention }, 3);
          const padded = paddedModel(model, { period: period * times, locality: locality + more });
          const tokens = randomTokens(length, 3, length);
          expect(
            largestError(linearTimeForward(model, tokens), linearTimeForward(padded, tokens)),
          ).toBeLessThan(1e-12);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a pair of models of different shapes', () => {
  const member = (model: AnyModel) => memberOf(model, options);

  it('is certified for the same short strings: every string of 0s and 1s up to T = 12', async () => {
    const models = [
      randomModel({ ...ONE, period: 2, locality: 0 }, 3, [0, 0.5]),
      randomModel({ ...ONE, period: 1, locality: 1 }, 5, [0, 2]),
    ];
    const [f, g] = [await member(models[0]!), await member(models[1]!)];
    const { config, certificates } = pairInputs(f, g);
    expect(config).toMatchObject({ period: 2, locality: 1 });
    expect(certificates).toHaveLength(2);
    let checked = 0;
    for (let T = shortestLength(config) + 1; T <= 12; T++) {
      for (const tokens of everyString(2, T)) {
        const short = deterministicShort(tokens, T - 1, config);
        certificates.forEach(({ errorAt }, i) => {
          const [x, z] = [linearTimeForward(models[i]!, tokens), linearTimeForward(models[i]!, short)];
          expect(distance([...x], [...z])).toBeLessThanOrEqual(errorAt(short.length) + 1e-12);
          checked++;
        });
      }
    }
    expect(checked).toBeGreaterThan(10_000);
  });

  it('has no certificate where it has too many classes in common', async () => {
    const [f, g] = [
      await member(randomModel({ ...ONE, period: 31, locality: 0, mlpWidth: 0 }, 1)),
      await member(randomModel({ ...ONE, period: 32, locality: 0, mlpWidth: 0 }, 2)),
    ];
    const { config, certificates } = pairInputs(f, g);
    expect(config.period).toBe(992);
    expect(certificates).toEqual([]);
  });
});
