import { describe, expect, it, test } from 'vitest';
import { eulerianTokens, isCirculation, roundCirculation } from '../../../src/simulation/circulation.ts';
import {
  gramCirculation,
  gramOverhead,
  gramShort,
  keptTokens,
  shortOfGrams,
} from '../../../src/simulation/gram-short.ts';
import { gramAt, gramFrequencies } from '../../../src/tasks/laws/chain.ts';
import { drawChain } from '../../../src/tasks/laws/registry.ts';
import { randomTokens } from '../../support/models.ts';
import fc from '../../support/property.ts';

const shapes = fc.constantFrom([2, 1], [2, 2], [2, 3], [3, 2], [3, 3], [4, 2], [5, 1]);
const alpha = fc.constantFrom(50, 1000, 5000);

describe('rounding a circulation (property)', () => {
  it('keeps it one, each edge off by less than 1 and the sum not larger', () => {
    fc.assert(
      fc.property(
        shapes,
        alpha,
        fc.integer({ min: 0, max: 500 }),
        fc.double({ min: 0.5, max: 5000, noNaN: true }),
        ([S, g], alphaThousandths, number, n) => {
          const source = {
            law: 'dirichlet-markov' as const,
            vocabulary: S!,
            alphaThousandths,
            order: g! - 1,
            key: 1,
          };
          const flows = gramFrequencies(drawChain(source, number), g!).map(p => p * n);
          const rounded = roundCirculation(flows, S!);
          expect(isCirculation(rounded, S!)).toBe(true);
          rounded.forEach((whole, edge) => {
            expect(Number.isInteger(whole)).toBe(true);
            expect(Math.abs(whole - flows[edge]!)).toBeLessThan(1 + 1e-5);
          });
          expect(rounded.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(n + 1e-3);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('refuses what is none', () => {
    expect(() => roundCirculation([0.5, 0.2, 0.5, 0], 2)).toThrow(/no circulation/);
    expect(() => roundCirculation([1, 2, 0, 1], 2)).toThrow(/no circulation/);
  });
});

test('a closed walk passes every edge as often as asked and comes back (property)', () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 0, max: 500 }), ([S, g], seed) => {
      const nodes = S! ** (g! - 1);
      const cycle = randomTokens(40, S!, seed);
      const closed = [...cycle, ...cycle.slice(0, g! - 1)];
      const counts = new Float64Array(S! ** g!).fill(1);
      for (let back = 0; back < 40; back++) counts[gramAt(closed, g!, S!, back)]!++;
      const root = seed % nodes;
      const walk = eulerianTokens(counts, S!, root);
      const rest = counts.slice();
      let node = root;
      for (const token of walk) {
        rest[node * S! + token]!--;
        node = (node * S! + token) % nodes;
      }
      expect(node).toBe(root);
      expect(rest.every(left => left === 0)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

describe('short strings of grams (property)', () => {
  it('keep the last tokens, are not too long, and have every gram at its share', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 999 }),
        fc.integer({ min: 1, max: 80 }),
        ([S, g], locality, seed, n) => {
          const shape = { vocabulary: S!, gram: g!, locality };
          const tokens = Uint8Array.from(randomTokens(400, S!, seed));
          const length = gramOverhead(shape) + n;
          const short = gramShort(tokens, length, shape);
          const kept = keptTokens(shape);
          expect(short.length).toBeLessThanOrEqual(length);
          expect([...short.slice(-kept)]).toEqual([...tokens.slice(-kept)]);
          const long = gramCirculation(tokens, shape);
          const total = long.reduce((a, b) => a + b, 0);
          // Of the short string: without closing it, which the walk already is.
          const body = short.slice(0, short.length - locality - 1);
          const counts = new Float64Array(S! ** g!);
          for (let back = 0; back + g! <= body.length; back++) counts[gramAt(body, g!, S!, back)]!++;
          counts.forEach((count, gram) => {
            const share = (n * long[gram]!) / total;
            expect(count - share).toBeGreaterThan(-1e-5);
            expect(count - share).toBeLessThan(2 + 1e-5);
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are the string itself when it is short, and need more than their overhead', () => {
    const shape = { vocabulary: 2, gram: 2, locality: 1 };
    const tokens = Uint8Array.of(0, 1, 1, 0, 1);
    expect(gramShort(tokens, 5, shape)).toBe(tokens);
    expect(() => shortOfGrams([1, 1, 1, 1], [0, 1, 0], 7, shape)).toThrow(/more than 7/);
  });
});
