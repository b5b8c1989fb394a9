import { describe, expect, it, test } from 'vitest';
import type { Model, ModelConfig } from '../../../src/shared/model-config.ts';
import { outputsOf } from '../../../src/simulation/outputs.ts';
import { drawTokens, type TokenSource } from '../../../src/tasks/laws/registry.ts';
import { taskOf } from '../../../src/tasks/registry.ts';
import { targetOf } from '../../../src/tasks/task.ts';
import { exactLoss, termsOf, whyNoExactLoss } from '../../../src/theory/exact-loss.ts';
import { lossAtInfinity } from '../../../src/theory/limit-loss.ts';
import { BASE, randomModel } from '../../support/models.ts';
import { everyString } from '../../support/strings.ts';

const ONE: ModelConfig = { ...BASE, layers: 1, vocabulary: 2, outputs: 1, locality: 0 };
const iid = (law: TokenSource['law'], alphaThousandths = 1000, vocabulary = 2): TokenSource => ({
  law,
  vocabulary,
  alphaThousandths,
  order: 0,
  key: 3,
});
const simple = taskOf('simple');
const modP = taskOf('mod-p');

/** The probability of a string: of each token given those before it. */
function probability(tokens: Uint8Array, { law, vocabulary: S, alphaThousandths }: TokenSource): number {
  const seen = new Float64Array(S).fill(alphaThousandths / 1000);
  let all = 1;
  tokens.forEach((x, i) => {
    all *= law === 'uniform-iid' ? 1 / S : seen[x]! / ((S * alphaThousandths) / 1000 + i);
    seen[x]!++;
  });
  return all;
}

/** A model whose scores are 10^4 times as large: weights of the lower ones are 0 in float64. */
function steep(model: Model): Model {
  const key = model.tensors['layer.0.key']!.map(x => 1e4 * x);
  return { ...model, tensors: { ...model.tensors, 'layer.0.key': key } };
}

function square(f: ArrayLike<number>, star: ArrayLike<number>): number {
  return Array.from(f).reduce((sum, y, o) => sum + (y - star[o]!) ** 2, 0);
}

describe('the exact loss is the sum over all strings', () => {
  const cases: [string, Model, TokenSource, typeof simple, Record<string, number>, number][] = [
    ['Dir(1), T = 9', randomModel(ONE, 1), iid('dirichlet-iid'), simple, { omega: 3 }, 9],
    [
      'Dir(0.3), T = 12',
      randomModel({ ...ONE, activation: 'gelu' }, 2),
      iid('dirichlet-iid', 300),
      simple,
      { omega: 2 },
      12,
    ],
    [
      'scores thousands apart, T = 9',
      steep(randomModel(ONE, 1)),
      iid('dirichlet-iid'),
      simple,
      { omega: 3 },
      9,
    ],
    [
      'uniform, no MLP, T = 10',
      randomModel({ ...ONE, mlpWidth: 0 }, 3),
      iid('uniform-iid'),
      simple,
      { omega: 5 },
      10,
    ],
    [
      'Δ = 2, T = 9',
      randomModel({ ...ONE, period: 2 }, 4),
      iid('dirichlet-iid', 2000),
      modP,
      { p: 2, k: 1 },
      9,
    ],
    ['Δ = 3, T = 2', randomModel({ ...ONE, period: 3 }, 5), iid('dirichlet-iid'), modP, { p: 3, k: 0 }, 2],
    [
      'Δ = 3, uniform, T = 8',
      randomModel({ ...ONE, period: 3 }, 6),
      iid('uniform-iid'),
      modP,
      { p: 3, k: 1 },
      8,
    ],
  ];
  test.each(cases)('%s', (_, model, source, task, knobs, T) => {
    const f = outputsOf(model);
    let brute = 0;
    for (const tokens of everyString(2, T))
      brute += probability(tokens, source) * square(f(tokens), targetOf(task, tokens, knobs));
    const { loss, total, terms } = exactLoss(model, source, chain => task.limit!(chain, knobs), T);
    expect(loss / brute).toBeCloseTo(1, 10);
    expect(total).toBeCloseTo(1, 10);
    expect(terms).toBe(termsOf(model.config, T));
  });

  it('three tokens, whose f* is a frequency', () => {
    const model = randomModel({ ...ONE, vocabulary: 3 }, 7);
    const source = iid('dirichlet-iid', 1500, 3);
    const f = outputsOf(model);
    let brute = 0;
    for (const tokens of everyString(3, 7)) {
      const share = tokens.filter(x => x === 2).length / 7;
      brute += probability(tokens, source) * square(f(tokens), [share]);
    }
    const { loss } = exactLoss(model, source, chain => () => [chain.rows[0]![2]!], 7);
    expect(loss / brute).toBeCloseTo(1, 10);
  });
});

it('is the mean over drawn strings, within its standard error', () => {
  const model = randomModel(ONE, 8);
  const source = iid('dirichlet-iid', 700);
  const knobs = { omega: 2 };
  const f = outputsOf(model);
  const [T, strings] = [64, 4000];
  const losses = Array.from({ length: strings }, (_, i) => {
    const tokens = drawTokens(source, i, T);
    return square(f(tokens), targetOf(simple, tokens, knobs));
  });
  const mean = losses.reduce((a, b) => a + b, 0) / strings;
  const deviation = Math.sqrt(losses.reduce((sum, x) => sum + (x - mean) ** 2, 0) / strings);
  const { loss } = exactLoss(model, source, chain => simple.limit!(chain, knobs), T);
  expect(Math.abs(mean - loss)).toBeLessThan((4 * deviation) / Math.sqrt(strings));
});

it('at T = 10^6 has 10^6 terms whose weights sum to 1, and lies where T = ∞ does, 1/T away', () => {
  const model = randomModel(ONE, 9, [0, 0]);
  const source = iid('uniform-iid');
  const target = (chain: Parameters<NonNullable<typeof simple.limit>>[0]) =>
    simple.limit!(chain, { omega: 2 });
  const infinity = lossAtInfinity(model, source, target, { laws: 1, order: 0 }).loss;
  const at = (T: number) => exactLoss(model, source, target, T);
  const [short, long] = [at(10_000), at(1_000_000)];
  expect(long.terms).toBe(1_000_001);
  expect(long.total).toBeCloseTo(1, 7);
  expect(Math.abs(long.loss - infinity)).toBeLessThan(Math.abs(short.loss - infinity) / 50);
  expect(Math.abs(long.loss / infinity - 1)).toBeLessThan(1e-4);
});

test('says why a loss is no such sum', () => {
  expect(whyNoExactLoss(randomModel(BASE, 1), iid('dirichlet-iid'))).toMatch(/one layer/);
  expect(whyNoExactLoss(randomModel({ ...ONE, locality: 1 }, 1), iid('dirichlet-iid'))).toMatch(/τ = 1/);
  const chain: TokenSource = { ...iid('dirichlet-markov'), order: 1 };
  expect(whyNoExactLoss(randomModel(ONE, 1), chain)).toMatch(/exchangeable/);
  expect(() => exactLoss(randomModel(ONE, 1), chain, () => () => [0], 4)).toThrow(/no exact loss/);
});
