import { describe, expect, it, test } from 'vitest';
import { WordStream } from '../../../src/shared/random.ts';
import { drawFromChain, gramAt, gramFrequencies, type TokenChain } from '../../../src/tasks/laws/chain.ts';
import { drawDirichlet } from '../../../src/tasks/laws/dirichlet.ts';
import { drawChain, drawTokens, LAWS, type LawName } from '../../../src/tasks/laws/registry.ts';
import { taskOf } from '../../../src/tasks/registry.ts';
import { targetOf } from '../../../src/tasks/task.ts';

const source = (law: LawName, vocabulary: number, order = 0, alphaThousandths = 1000) => ({
  law,
  vocabulary,
  alphaThousandths,
  order,
  key: 7,
});
const byResidue: TokenChain = {
  vocabulary: 2,
  order: 0,
  rows: [Float64Array.of(0.9, 0.1), Float64Array.of(0.2, 0.8), Float64Array.of(0.5, 0.5)],
};

describe('grams of a chain', () => {
  test.each<[string, TokenChain]>([
    ['iid', drawChain(source('dirichlet-iid', 3), 0)],
    ['order 1', drawChain(source('dirichlet-markov', 3, 1), 1)],
    ['order 2', drawChain(source('dirichlet-markov', 2, 2), 2)],
    ['a law a residue', byResidue],
  ])('occur as often as computed: %s', (_, chain) => {
    const [n, length, period] = [3, 90_000, 3];
    const tokens = drawFromChain(chain, new WordStream(3, 0, 0), length);
    const seen = Array.from({ length: period }, () => new Float64Array(chain.vocabulary ** n));
    for (let end = n; end <= length; end++)
      seen[end % period]![gramAt(tokens, n, chain.vocabulary, length - end)]! += period / length;
    for (let r = 0; r < period; r++) {
      const law = gramFrequencies(chain, n, r);
      expect(law.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
      law.forEach((p, gram) => {
        expect(Math.abs(p - seen[r]![gram]!)).toBeLessThan(0.02);
      });
    }
  });

  it('have consistent marginals: without the oldest token, and without the newest', () => {
    const chain = drawChain(source('dirichlet-markov', 3, 2), 4);
    const [longer, shorter] = [gramFrequencies(chain, 4), gramFrequencies(chain, 3)];
    shorter.forEach((p, gram) => {
      const newest = [0, 1, 2].reduce((sum, x) => sum + longer[gram * 3 + x]!, 0);
      const oldest = [0, 1, 2].reduce((sum, x) => sum + longer[x * 27 + gram]!, 0);
      expect(newest).toBeCloseTo(p, 12);
      expect(oldest).toBeCloseTo(p, 12);
    });
  });
});

test.each([0.2, 1, 3.5])(
  'Dir(%d): means 1/S, variances (S − 1)/(S² (Sα + 1)), every coordinate positive',
  alpha => {
    const stream = new WordStream(5, 0, 0);
    const draws = Array.from({ length: 20_000 }, () => drawDirichlet(stream, 3, alpha));
    const variance = 2 / (9 * (3 * alpha + 1));
    for (let s = 0; s < 3; s++) {
      const mean = draws.reduce((sum, p) => sum + p[s]!, 0) / draws.length;
      const second = draws.reduce((sum, p) => sum + (p[s]! - 1 / 3) ** 2, 0) / draws.length;
      expect(Math.abs(mean - 1 / 3)).toBeLessThan(4 * Math.sqrt(variance / draws.length));
      expect(Math.abs(second / variance - 1)).toBeLessThan(0.05);
    }
    expect(draws.every(p => p.every(x => x > 0))).toBe(true);
  },
);

test.each<[LawName, number]>([
  ['uniform-iid', 0],
  ['dirichlet-iid', 0],
  ['dirichlet-markov', 1],
])('the prior of %s is what its urn mixes: the law of the fifth and sixth token', (law, order) => {
  const from = source(law, 2, order, 700);
  const laws = 4000;
  const mixed = new Float64Array(4);
  for (let i = 0; i < laws; i++) {
    const chain = drawChain(from, i);
    const tokens = LAWS[law].draw(new WordStream(9, 0, i), 6, from);
    mixed[gramAt(tokens, 2, 2)]! += 1 / laws;
    // The chain's own first tokens are uniform: walk them exactly.
    let context = Float64Array.of(0.5, 0.5);
    let pair = new Float64Array(4);
    for (let step = 0; step < 5; step++) {
      pair = Float64Array.from({ length: 4 }, (_, gram) => {
        const row = chain.order > 0 ? chain.rows[gram >> 1]! : chain.rows[0]!;
        return (step === 0 && chain.order === 0 ? row[gram >> 1]! : context[gram >> 1]!) * row[gram & 1]!;
      });
      context = Float64Array.of(pair[0]! + pair[2]!, pair[1]! + pair[3]!);
    }
    pair.forEach((p, gram) => {
      mixed[gram]! -= p / laws;
    });
  }
  for (const off of mixed) expect(Math.abs(off)).toBeLessThan(4 * Math.sqrt(0.25 / laws) * 1.5);
});

test.each<[string, Record<string, number>, LawName]>([
  ['simple', { omega: 3 }, 'dirichlet-iid'],
  ['mod-p', { p: 3, k: 1 }, 'dirichlet-iid'],
  ['k-gram', { vocabulary: 3, k: 2 }, 'dirichlet-markov'],
  ['k-gram', { vocabulary: 2, k: 1 }, 'dirichlet-markov'],
])('f* of %s %o tends to its limit', (kind, knobs, law) => {
  const task = taskOf(kind);
  const { vocabulary, order } = task.shape(knobs);
  for (let number = 0; number < 3; number++) {
    const chain = drawChain(source(law, vocabulary, order, 3000), number);
    const tokens = drawFromChain(chain, new WordStream(1, 0, number), 100_000);
    const [at, limit] = [targetOf(task, tokens, knobs), task.limit!(chain, knobs)(tokens)];
    at.forEach((value, o) => {
      expect(Math.abs(value - limit[o]!)).toBeLessThan(0.03);
    });
  }
});

it('numbers laws apart from sequences', () => {
  const from = source('dirichlet-iid', 2);
  expect(drawChain(from, 0).rows[0]).not.toEqual(drawChain(from, 1).rows[0]);
  expect(drawTokens(from, 0, 4)).toHaveLength(4);
});
