import { describe, expect, it, test } from 'vitest';
import { classTables } from '../../../src/model/first-layer.ts';
import { linearTimeForward } from '../../../src/reference/linear-time.ts';
import type { Model, ModelConfig } from '../../../src/shared/model-config.ts';
import { WordStream } from '../../../src/shared/random.ts';
import { outputsOf } from '../../../src/simulation/outputs.ts';
import { distance } from '../../../src/simulation/simulate.ts';
import { drawFromChain, type TokenChain } from '../../../src/tasks/laws/chain.ts';
import { drawChain } from '../../../src/tasks/laws/registry.ts';
import { limitFunction, reachOf, settledOf } from '../../../src/theory/limit.ts';
import { endsOf, lossAtInfinity } from '../../../src/theory/limit-loss.ts';
import { BASE, randomModel } from '../../support/models.ts';

const SMALL: ModelConfig = { ...BASE, vocabulary: 2, heads: 1, outputs: 2, mlpWidth: 8, locality: 1 };

/** A random model with these φ, a row a layer. */
function withPhi(config: ModelConfig, seed: number, ...phi: number[][]): Model {
  const model = randomModel(config, seed);
  phi.forEach((row, l) => {
    model.tensors[`layer.${l}.phi`]!.set(row);
  });
  return model;
}

const chainOf = (order: number, number = 0) =>
  drawChain(
    {
      law: order > 0 ? 'dirichlet-markov' : 'dirichlet-iid',
      vocabulary: 2,
      alphaThousandths: 4000,
      order,
      key: 3,
    },
    number,
  );

/** Mean error against T = ∞ of strings of length T. */
function errorAt(model: Model, chain: TokenChain, T: number, strings: number): number {
  const [f, limit] = [outputsOf(model), limitFunction(model, chain)];
  let total = 0;
  for (let i = 0; i < strings; i++) {
    const tokens = drawFromChain(chain, new WordStream(11, 0, i), T);
    total += distance([...f(tokens)], [...limit.output(tokens, T)]) / strings;
  }
  return total;
}

describe('f(x) tends to the limit function at the rate of the frequencies, T^(−1/2), where every φ is far from 1', () => {
  test.each<[string, Model, number]>([
    ['one layer, nothing but the body', withPhi({ ...SMALL, layers: 1, locality: 0 }, 1, [0]), 0],
    ['one layer, Δ = 3', withPhi({ ...SMALL, layers: 1, period: 3 }, 2, [0, 0.2]), 0],
    ['one layer, the suffix wins', withPhi({ ...SMALL, layers: 1 }, 3, [0, 2]), 1],
    ['one layer, two offsets tie', withPhi({ ...SMALL, layers: 1, locality: 2 }, 4, [0.1, 2, 2]), 1],
    ['one layer, balanced', withPhi({ ...SMALL, layers: 1 }, 5, [1, 1]), 0],
    ['two layers, an induction head', withPhi(SMALL, 6, [0, 2], [0, 0]), 1],
    ['two layers, both see the body', withPhi({ ...SMALL, heads: 2 }, 7, [0, 0, 0, 2], [0, 0.3, 0, 0]), 2],
    ['two layers, the last wins at offset 1', withPhi(SMALL, 8, [0, 2], [0, 2]), 1],
    [
      'two layers, balanced, Δ = 2, GELU',
      withPhi({ ...SMALL, period: 2, activation: 'gelu' }, 9, [1, 1], [1, 0]),
      1,
    ],
  ])('%s', (_, model, order) => {
    const chain = chainOf(order);
    const errors = [1000, 10_000, 100_000].map((T, i) => errorAt(model, chain, T, [24, 8, 4][i]!));
    console.info(errors.map(error => error.toExponential(1)).join(' '));
    expect(errors[2]!).toBeLessThan(Math.max(1e-12, 0.35 * errors[0]!));
    expect(errors[2]!).toBeLessThan(0.02);
  });
});

it('the limit is that of the float64 reference', () => {
  const model = withPhi(SMALL, 6, [0, 2], [0, 0]);
  const chain = chainOf(1);
  const tokens = drawFromChain(chain, new WordStream(2, 0, 0), 20_000);
  const [reference, limit] = [linearTimeForward(model, tokens), limitFunction(model, chain).output(tokens)];
  expect(distance([...reference], [...limit])).toBeLessThan(0.02);
});

test.each([0.7, 1.3])('where φ = %d is near 1 the rate is T^(−|φ − 1|), and no better', phi => {
  const model = withPhi({ ...SMALL, layers: 1 }, 12, [0, phi]);
  // Half and half: the frequencies' own fluctuation is averaged over strings that all end alike.
  const chain: TokenChain = { vocabulary: 2, order: 0, rows: [Float64Array.of(0.5, 0.5)] };
  const limit = limitFunction(model, chain);
  const f = outputsOf(model);
  const errors = [10_000, 1_000_000].map(T => {
    const tokens = Uint8Array.from({ length: T }, (_, i) => i % 2);
    return distance([...f(tokens)], [...limit.output(tokens, T)]);
  });
  const rate = Math.log(errors[0]! / errors[1]!) / Math.log(100);
  expect(Math.abs(rate - 0.3)).toBeLessThan(0.05);
});

test('what is left of a head', () => {
  expect(settledOf([0, 0.9])).toEqual({ body: true, offsets: [] });
  expect(settledOf([1, 0.9])).toEqual({ body: true, offsets: [0] });
  expect(settledOf([1.5, 2, 2])).toEqual({ body: false, offsets: [1, 2] });
  expect(
    reachOf([
      [0, 0],
      [0, 0.5],
    ]),
  ).toBe(1);
  expect(
    reachOf([
      [2, 0],
      [0, 0, 1.5],
    ]),
  ).toBe(3);
});

describe('L(∞)', () => {
  const source = {
    law: 'dirichlet-markov' as const,
    vocabulary: 2,
    alphaThousandths: 2000,
    order: 1,
    key: 5,
  };
  const model = withPhi(SMALL, 6, [0, 2], [0, 0]);
  const zero = () => () => [0, 0];

  it('is what the loss at T = 20,000 is, over the same laws', () => {
    const laws = 6;
    const { loss, stderr } = lossAtInfinity(model, source, zero, { laws, order: 1 });
    const f = outputsOf(model);
    let sampled = 0;
    for (let number = 0; number < laws; number++) {
      const chain = drawChain(source, number);
      for (const { last, probability } of endsOf(chain, 2, 1, number)) {
        const tokens = drawFromChain(chain, new WordStream(1, number, 0), 20_000);
        tokens.set(Array.from(last), 19_998);
        sampled += (probability * f(tokens).reduce((sum, y) => sum + y * y, 0)) / laws;
      }
    }
    expect(Math.abs(sampled / loss - 1)).toBeLessThan(0.03);
    expect(stderr).toBeGreaterThan(0);
  });

  it('is the same when ends are drawn instead of summed over', () => {
    const deep = withPhi(
      { ...SMALL, locality: 12 },
      6,
      [0, 2, ...Array(11).fill(0)],
      [2, ...Array(11).fill(0), 2],
    );
    const chain = chainOf(1);
    const [all, drawn] = [endsOf(chain, 2, 1, 0), endsOf(chain, 14, 1, 0)];
    expect(limitFunction(deep, chain).reach).toBe(14);
    expect(drawn).toHaveLength(256);
    const share = (ends: typeof all) =>
      ends.reduce((sum, { last, probability }) => sum + (last[last.length - 1] === 1 ? probability : 0), 0);
    expect(Math.abs(share(all) - share(drawn))).toBeLessThan(0.1);
  });
});

test('softmax models and finite precision have none', () => {
  const finite = randomModel({ ...SMALL, attention: { precision: 'finite', bits: 8, scale: 1 } }, 1);
  expect(() => limitFunction(finite, chainOf(1), classTables(finite))).toThrow(/no limit/);
});
