import { beforeAll, describe, expect, it, test } from 'vitest';
import { classTables } from '../../../src/model/first-layer.ts';
import { snapped } from '../../../src/model/snap.ts';
import type { Model, ModelConfig } from '../../../src/shared/model-config.ts';
import { WordStream } from '../../../src/shared/random.ts';
import { worstString } from '../../../src/simulation/adversary.ts';
import { gramOverhead, gramShort, shortOfGrams } from '../../../src/simulation/gram-short.ts';
import { outputsOf } from '../../../src/simulation/outputs.ts';
import { distance } from '../../../src/simulation/simulate.ts';
import { gramFrequencies } from '../../../src/tasks/laws/chain.ts';
import { drawDirichlet } from '../../../src/tasks/laws/dirichlet.ts';
import { drawChain } from '../../../src/tasks/laws/registry.ts';
import { type Lifted, lift, whyNotLifted } from '../../../src/theory/lifted.ts';
import { limitFunction } from '../../../src/theory/limit.ts';
import { endsOf } from '../../../src/theory/limit-loss.ts';
import { averagedOrder, twoLayerCertificates } from '../../../src/theory/two-layers.ts';
import { BASE, builtModel, randomModel, randomTokens } from '../../support/models.ts';
import { everyString } from '../../support/strings.ts';

const TWO: ModelConfig = { ...BASE, vocabulary: 2, heads: 1, outputs: 2, mlpWidth: 8, locality: 1 };

function withPhi(config: ModelConfig, seed: number, ...phi: number[][]): Model {
  const model = randomModel(config, seed);
  phi.forEach((row, l) => {
    model.tensors[`layer.${l}.phi`]!.set(row);
  });
  return model;
}

const snap = (model: Model) => snapped(model, { prune: true }).model;

/**
 * An ideal induction head for S tokens, k = 1: layer 1 copies the previous token, layer 2 looks for it with `nats` a match and reads the
 * current token's one-hot.
 */
function induction(S: number, nats: number): Model {
  const config: ModelConfig = {
    ...TWO,
    vocabulary: S,
    outputs: S,
    width: 2 * S,
    keyWidth: S,
    mlpWidth: 0,
    attention: { precision: 'infinite', scale: 1 },
  };
  const tokens = Array.from({ length: S }, (_, x) => x);
  return builtModel(config, [
    ...tokens.flatMap((x): [string, number[], number][] => [
      ['embed', [x, x], 1],
      ['layer.0.value', [0, S + x, x], 1],
      ['layer.1.query', [0, x, x], 1],
      ['layer.1.key', [0, x, S + x], nats],
      ['layer.1.value', [0, x, x], 1],
      ['unembed', [x, x], 1],
    ]),
    ['layer.0.phi', [0, 1], 100],
  ]);
}

/** Distance, but for the rounding of float64. */
const beyond = (a: number[], b: number[]) => Math.max(0, distance(a, b) - 1e-12);

const models: [string, Model][] = [
  ['an induction head', induction(2, 6)],
  ['random, the previous token', snap(withPhi(TWO, 1, [0, 2], [0, 0]))],
  [
    'random, τ = 2, two heads, GELU',
    snap(
      withPhi(
        { ...TWO, heads: 2, locality: 2, activation: 'gelu' },
        2,
        [0, 2, 0, 0, 0, 2],
        [0, 0.5, 0, 0, 0, 0],
      ),
    ),
  ],
  ['random, layer 2 balanced', withPhi({ ...TWO, mlpWidth: 0 }, 3, [0, 100], [1, 0])],
  ['random, layer 2 wins at offset 1', snap(withPhi(TWO, 4, [0, 2], [0, 2]))],
  ['random, a head pruned', snap(withPhi({ ...TWO, heads: 2 }, 5, [0, 2, 0, 0.5], [0, 0, 0, 0]))],
  ['not snapped: φ = 3', withPhi({ ...TWO, mlpWidth: 0 }, 6, [0, 3], [0, 0.2])],
  ['not snapped, layer 2 wins: φ = 2.5', withPhi(TWO, 7, [0, 2.5], [0, 1.6])],
];

describe.each(models)('%s', (_, model) => {
  let lifted: Lifted;
  const exact = outputsOf(model);
  const known = new Map<string, number[]>();
  const f = (tokens: Uint8Array) => {
    if (tokens.length > 12) return [...exact(tokens)];
    const key = tokens.join('');
    const output = known.get(key) ?? [...exact(tokens)];
    known.set(key, output);
    return output;
  };
  beforeAll(() => {
    lifted = lift(model);
  });

  it('A holds for every string of 0s and 1s up to T = 11', () => {
    const { errorAt } = twoLayerCertificates(lifted).everyString;
    let [worst, checked] = [0, 0];
    for (let T = gramOverhead(lifted) + 2; T <= 11; T++) {
      for (const tokens of everyString(2, T)) {
        const long = f(tokens);
        for (let length = gramOverhead(lifted) + 1; length < T; length++) {
          const error = beyond(long, f(gramShort(tokens, length, lifted)));
          worst = Math.max(worst, error / errorAt(length));
          checked++;
        }
      }
    }
    if (checked > 0) console.info(`${checked} pairs, largest error ${(100 * worst).toFixed(1)} % of A`);
    expect(worst).toBeLessThanOrEqual(1);
  });

  it('A holds for long strings, and for what an adversary finds', async () => {
    const { errorAt } = twoLayerCertificates(lifted).everyString;
    const length = 60;
    const share = (tokens: Uint8Array) =>
      beyond(f(tokens), f(gramShort(tokens, length, lifted))) / errorAt(length);
    const worst = await worstString(async strings => strings.map(share), model.config, {
      length: 600,
      restarts: 6,
      rounds: 12,
      tries: 4,
      seed: 1,
    });
    console.info(`worst found ${(100 * worst.score).toFixed(1)} % of A`);
    expect(worst.score).toBeLessThanOrEqual(1);
    for (let seed = 0; seed < 4; seed++)
      expect(share(Uint8Array.from(randomTokens(3000, 2, seed)))).toBeLessThanOrEqual(1);
  });

  test.each([30, 300, 3000])(
    'B holds in the mean over last tokens under every law tried, α = %d/1000',
    alphaThousandths => {
      const { average, errorUnder } = twoLayerCertificates(lifted);
      const source = { law: 'dirichlet-markov' as const, vocabulary: 2, alphaThousandths, order: 2, key: 3 };
      let worst = 0;
      for (let number = 0; number < 12; number++) {
        const chain = drawChain(source, number);
        const limit = limitFunction(model, chain);
        const frequencies = gramFrequencies(chain, lifted.gram);
        for (const length of [20, 60, 200]) {
          let mean = 0;
          for (const { last, probability } of endsOf(chain, lifted.gram + lifted.locality, 1, 0))
            mean +=
              probability *
              beyond([...limit.output(last)], f(shortOfGrams(frequencies, last, length, lifted)));
          const bound = errorUnder(frequencies, length);
          worst = Math.max(worst, mean / bound);
          // B bounds what is summed under one law.
          expect(bound).toBeLessThanOrEqual(average.errorAt(length) * (1 + 1e-9));
        }
      }
      console.info(`largest mean error ${(100 * worst).toFixed(1)} % of B under that law`);
      expect(worst).toBeLessThanOrEqual(1);
    },
  );

  test.each([500, 1000, 3000])(
    'B under a prior holds in the mean over its laws, α = %d/1000',
    alphaThousandths => {
      const order = lifted.gram - 1;
      const source = { law: 'dirichlet-markov' as const, vocabulary: 2, alphaThousandths, order, key: 5 };
      expect(averagedOrder(source)).toBe(order);
      const { averageOfLaw, average } = twoLayerCertificates(lifted, order);
      const laws = 40;
      const lengths = [20, 60];
      const means = [0, 0];
      for (let number = 0; number < laws; number++) {
        const chain = drawChain(source, number);
        const limit = limitFunction(model, chain);
        const frequencies = gramFrequencies(chain, lifted.gram);
        for (const { last, probability } of endsOf(chain, lifted.gram + lifted.locality, 1, 0))
          lengths.forEach((length, k) => {
            means[k]! +=
              (probability / laws) *
              beyond([...limit.output(last)], f(shortOfGrams(frequencies, last, length, lifted)));
          });
      }
      lengths.forEach((length, k) => {
        expect(means[k]).toBeLessThanOrEqual(averageOfLaw.errorAt(length));
        expect(averageOfLaw.errorAt(length)).toBeLessThanOrEqual(average.errorAt(length));
      });
      console.info(
        `mean error ${((100 * means[1]!) / averageOfLaw.errorAt(60)).toFixed(1)} % of B under the prior`,
      );
    },
  );

  it('neither rises with the length', () => {
    const { everyString, average } = twoLayerCertificates(lifted);
    for (const { errorAt } of [everyString, average])
      for (let length = gramOverhead(lifted) + 1; length < 1e9; length = Math.ceil(length * 1.5))
        expect(errorAt(Math.ceil(length * 1.5))).toBeLessThanOrEqual(errorAt(length) * (1 + 1e-9));
  });
});

describe('N(0.1) of an ideal induction head', () => {
  test.each([
    [2, 2.0, 3.5],
    [3, 2.4, 4],
    [8, 3.2, 4.8],
  ])('S = %d: B is not vacuous, and A is e^ρ longer', (S, least, most) => {
    const { everyString, average } = twoLayerCertificates(lift(induction(S, 6)));
    const [A, B] = [everyString.log10Length(0.1)!, average.log10Length(0.1)!];
    console.info(`S = ${S}: A 10^${A.toFixed(1)}, B 10^${B.toFixed(1)}`);
    expect(B).toBeGreaterThan(least);
    expect(B).toBeLessThan(most);
    expect(A - B).toBeGreaterThan(1);
    expect(A).toBeLessThan(9);
  });

  it('is linear in 1/ε', () => {
    const { average } = twoLayerCertificates(lift(induction(3, 6)));
    expect(average.log10Length(1e-5)! - average.log10Length(1e-4)!).toBeCloseTo(1, 2);
  });

  it('B can fail: a twentieth of it is broken', () => {
    const model = induction(2, 6);
    const lifted = lift(model);
    const f = outputsOf(model);
    const { errorAt } = twoLayerCertificates(lifted).average;
    let worst = 0;
    for (let number = 0; number < 40; number++) {
      const chain = drawChain(
        { law: 'dirichlet-markov', vocabulary: 2, alphaThousandths: 300, order: 1, key: 1 },
        number,
      );
      const limit = limitFunction(model, chain);
      for (const length of [16, 40, 100]) {
        let mean = 0;
        for (const { last, probability } of endsOf(chain, 3, 1, 0))
          mean +=
            probability *
            distance(
              [...limit.output(last)],
              [...f(shortOfGrams(gramFrequencies(chain, 2), last, length, lifted))],
            );
        worst = Math.max(worst, mean / errorAt(length));
      }
    }
    console.info(`largest mean error ${(100 * worst).toFixed(1)} % of B`);
    expect(worst).toBeGreaterThan(0.05);
  });
});

describe('the slack of a model that is not snapped', () => {
  const at = (phi: number) => {
    const lifted = lift(withPhi({ ...TWO, mlpWidth: 0 }, 6, [0, phi], [0, 0]));
    return { lifted, N: twoLayerCertificates(lifted).average.log10Length(0.1) };
  };

  it('is counted: the nearer φ is to 1, the longer N', () => {
    const lengths = [100, 4, 2, 1.5].map(phi => at(phi).N!);
    console.info(lengths.map(N => `10^${N.toFixed(1)}`).join(' '));
    for (let i = 1; i < lengths.length; i++) expect(lengths[i]!).toBeGreaterThan(lengths[i - 1]!);
  });

  it('holds the states of real strings, and falls like j^(1 − φ)', () => {
    const model = withPhi({ ...TWO, mlpWidth: 0 }, 6, [0, 2], [0, 0]);
    const { slack } = lift(model);
    expect(Math.log10(slack(1e6) / slack(1e7))).toBeCloseTo(1, 2);
    expect(slack(2)).toBeGreaterThan(slack(3));
  });
});

test('says why a model is not lifted', () => {
  const why = (model: Model) => whyNotLifted(model, classTables(model));
  expect(why(withPhi(TWO, 1, [0, 0.9], [0, 0]))).toMatch(/max φ ≤ 1 in head 1/);
  expect(why(withPhi({ ...TWO, period: 2 }, 1, [0, 2], [0, 0]))).toMatch(/Δ = 2/);
  expect(why(randomModel({ ...TWO, layers: 1 }, 1))).toMatch(/two limit layers/);
  expect(why(withPhi({ ...TWO, vocabulary: 40 }, 1, [0, 2], [0, 0]))).toMatch(/1600 grams/);
  expect(why(withPhi(TWO, 1, [0, 2], [0, 0]))).toBeUndefined();
});

test('the Dirichlet integral that B under a prior rests on, and where it does not', () => {
  const weights = [0.01, 1, 40];
  for (const alpha of [0.4, 1, 2.5]) {
    const stream = new WordStream(3, 1, 4);
    const draws = 40_000;
    let mean = 0;
    for (let i = 0; i < draws; i++) {
      const p = drawDirichlet(stream, 3, alpha);
      mean += 1 / (draws * p.reduce((sum, share, s) => sum + share * weights[s]!, 0));
    }
    // Π u^{−1/S}.
    expect(mean).toBeLessThan(1.05 * weights.reduce((product, u) => product * u ** (-1 / 3), 1));
  }
  const source = { law: 'dirichlet-markov' as const, vocabulary: 3, alphaThousandths: 300, order: 2, key: 1 };
  expect(averagedOrder(source)).toBeUndefined();
  expect(averagedOrder({ ...source, alphaThousandths: 400 })).toBe(2);
  expect(averagedOrder({ ...source, law: 'dirichlet-iid', alphaThousandths: 1000 })).toBe(0);
  expect(averagedOrder({ ...source, law: 'uniform-iid' })).toBe(0);
});
