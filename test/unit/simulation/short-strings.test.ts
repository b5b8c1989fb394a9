import { describe, expect, it } from 'vitest';
import { classTables, FirstLayer } from '../../../src/model/first-layer.ts';
import type { ModelConfig } from '../../../src/shared/model-config.ts';
import { STREAM, streamKey, WordStream } from '../../../src/shared/random.ts';
import { apportion, deterministicShort, shortestLength } from '../../../src/simulation/deterministic.ts';
import { neighbour } from '../../../src/simulation/greedy.ts';
import { chainOf, markovShort } from '../../../src/simulation/markov.ts';
import { asFinite } from '../../../src/theory/sampled.ts';
import { BASE, randomModel, randomTokens } from '../../support/models.ts';
import fc from '../../support/property.ts';

const shape = fc.record({
  vocabulary: fc.integer({ min: 1, max: 4 }),
  period: fc.integer({ min: 1, max: 4 }),
  locality: fc.integer({ min: 0, max: 5 }),
});
const rules: ModelConfig['attention'][] = [BASE.attention, { precision: 'finite', bits: 8, scale: 1 }];
const seed = fc.integer({ min: 0, max: 1e6 });

/** Tokens of 0…S−1 where later ones are rare, so that some classes hold a single one. */
function skewed(length: number, vocabulary: number, key: number): Uint8Array {
  return Uint8Array.from(randomTokens(length, 1000, key), x => Math.floor(vocabulary * (x / 1000) ** 6));
}

/** Tokens of each residue of the positions before the τ-suffix, sorted. */
function byResidue(tokens: Uint8Array, period: number, locality: number): number[][] {
  const classes = Array.from({ length: period }, (): number[] => []);
  for (let i = 1; i <= tokens.length - locality - 1; i++) classes[i % period]!.push(tokens[i - 1]!);
  return classes.map(own => own.sort((a, b) => a - b));
}

describe('the deterministic short string (property)', () => {
  it('keeps suffix and residue, and every residue’s tokens within 1 of their share, in finite precision none lost', () => {
    fc.assert(
      fc.property(shape, seed, fc.integer({ min: 0, max: 60 }), (drawn, key, extra) => {
        const attention = rules[key % 2]!;
        const config = { ...drawn, attention };
        const n = shortestLength(config) + extra;
        const long = skewed(n + 1 + (key % 300), config.vocabulary, key);
        const short = deterministicShort(long, n, config);
        const { period, locality } = config;
        expect(short.length).toBeLessThanOrEqual(n);
        expect(short.length).toBeGreaterThan(n - period);
        expect(short.length % period).toBe(long.length % period);
        expect(short.slice(-locality - 1)).toEqual(long.slice(-locality - 1));
        const [x, z] = [byResidue(long, period, locality), byResidue(short, period, locality)];
        x.forEach((tokens, r) => {
          if (attention === rules[1]) expect(new Set(z[r])).toEqual(new Set(tokens));
          for (const token of new Set(tokens)) {
            const share = (z[r]!.length * tokens.filter(t => t === token).length) / tokens.length;
            const off = z[r]!.filter(t => t === token).length - share;
            expect(off).toBeLessThan(1);
            if (attention === rules[0]) expect(off).toBeGreaterThan(-1);
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the argmax set of every head', () => {
    fc.assert(
      fc.property(shape, seed, (drawn, key) => {
        const config = { ...BASE, layers: 1 as const, ...drawn };
        const model = asFinite(randomModel(config, key % 1000), null);
        const tables = classTables(model);
        const n = shortestLength(config) + (key % 20);
        const long = skewed(n + 50, config.vocabulary, key);
        const argmax = (tokens: Uint8Array) => {
          const layer = new FirstLayer(model, tables);
          for (const token of tokens) layer.see(token);
          return Array.from({ length: config.heads }, (_, h) => {
            const scores = layer.scores(h);
            const top = Math.max(...scores);
            return [...scores].flatMap((score, atom) => (score === top ? [atom] : []));
          });
        };
        expect(argmax(deterministicShort(long, n, model.config))).toEqual(argmax(long));
      }),
      { numRuns: 200 },
    );
  });

  it('is x itself when x is short enough, and refuses an n that cannot hold every token', () => {
    const config = { vocabulary: 2, period: 3, locality: 1, attention: BASE.attention };
    const tokens = Uint8Array.of(0, 1, 1);
    expect(deterministicShort(tokens, 10, config)).toBe(tokens);
    expect(() => deterministicShort(skewed(100, 2, 1), shortestLength(config) - 1, config)).toThrow(
      RangeError,
    );
  });

  it('apportions by largest remainder (worked example: 5 seats for 46, 44, 10 give 2, 2, 1)', () => {
    expect(apportion([46, 44, 10], 5, 0)).toEqual([2, 2, 1]);
    expect(apportion([98, 1, 1], 3, 0)).toEqual([3, 0, 0]);
    expect(apportion([98, 1, 1], 3, 1)).toEqual([1, 1, 1]);
    expect(apportion([0, 7, 0], 4, 1)).toEqual([0, 4, 0]);
  });
});

describe('the Markov short string', () => {
  const key = streamKey(7, STREAM.markov);

  it('keeps suffix and residue, and its tokens are those of x in order (property)', () => {
    fc.assert(
      fc.property(shape, seed, fc.integer({ min: 1, max: 80 }), (config, draw, extra) => {
        const n = config.locality + 1 + config.period + extra;
        const long = skewed(n + 1 + (draw % 400), config.vocabulary, draw);
        const short = markovShort(long, n, config, new WordStream(key, draw, 0));
        const { period, locality } = config;
        expect(short.length % period).toBe(long.length % period);
        expect(short.slice(-locality - 1)).toEqual(long.slice(-locality - 1));
        let at = 0;
        short.forEach((token, i) => {
          // Residues survive: a kept token stands at a position of the same residue.
          while (long[at] !== token || at % period !== i % period) {
            at++;
            if (at >= long.length) throw new Error('not a subsequence with its residues');
          }
          at++;
        });
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    { period: 1, locality: 0, T: 2000, n: 100 },
    { period: 1, locality: 3, T: 5000, n: 1000 },
    { period: 3, locality: 2, T: 3000, n: 200 },
    { period: 1, locality: 0, T: 1000, n: 900 },
  ])(
    'keeps n of T = $T in the mean, within 3 standard errors: n = $n, Δ = $period',
    ({ T, n, ...config }) => {
      const long = skewed(T, 3, 1);
      const lengths = Array.from(
        { length: 2000 },
        (_, i) => markovShort(long, n, config, new WordStream(key, T, i)).length,
      );
      const mean = lengths.reduce((a, b) => a + b, 0) / lengths.length;
      const variance = lengths.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (lengths.length - 1);
      expect(Math.abs(mean - n)).toBeLessThanOrEqual(3 * Math.sqrt(variance / lengths.length));
    },
  );

  it('stops with probability n^(−1/3), and its stationary keep-rate is n/T', () => {
    const { keep, stop, start } = chainOf(10_000, 1000, { period: 1, locality: 0 });
    expect(stop).toBeCloseTo(0.1, 12);
    expect(start / (start + stop)).toBeCloseTo(keep, 12);
    expect(keep).toBeCloseTo(999 / 9999, 12);
    const close = chainOf(1000, 950, { period: 1, locality: 0 });
    expect(close.start).toBe(1);
    expect(close.start / (close.start + close.stop)).toBeCloseTo(close.keep, 12);
  });

  it('runs are as long as the chain says: n^(1/3) in the mean', () => {
    const [T, n] = [200_000, 8000];
    const marks = Uint8Array.from({ length: T }, (_, i) => i % 251);
    const short = markovShort(marks, n, { period: 1, locality: 0 }, new WordStream(key, 1, 1));
    let runs = 1;
    for (let i = 1; i < short.length; i++) if ((short[i - 1]! + 1) % 251 !== short[i]) runs++;
    expect(short.length / runs).toBeGreaterThan(17);
    expect(short.length / runs).toBeLessThan(23);
  });
});

describe('neighbours of greedy (property)', () => {
  it('keep length and suffix, and exchanged tokens keep their residue class’s counts', () => {
    fc.assert(
      fc.property(shape, seed, (config, draw) => {
        const short = skewed(config.locality + 2 + (draw % 40), config.vocabulary, draw);
        const changed = neighbour(short, config, new WordStream(1, draw, 0));
        expect(changed.length).toBe(short.length);
        expect(changed.slice(-config.locality - 1)).toEqual(short.slice(-config.locality - 1));
        expect(changed.every(token => token < config.vocabulary)).toBe(true);
        const different = [...changed].filter((token, i) => token !== short[i]).length;
        expect(different).toBeLessThanOrEqual(2);
      }),
      { numRuns: 300 },
    );
  });
});
