import { describe, expect, it, test } from 'vitest';
import { classTables } from '../../../src/model/first-layer.ts';
import { linearTimeForward } from '../../../src/reference/linear-time.ts';
import type { Model, ModelConfig } from '../../../src/shared/model-config.ts';
import { deterministicShort, shortestLength } from '../../../src/simulation/deterministic.ts';
import { distance } from '../../../src/simulation/simulate.ts';
import { certificateOf, solve } from '../../../src/theory/certificate.ts';
import { BASE, builtModel, randomModel, randomTokens } from '../../support/models.ts';
import fc from '../../support/property.ts';
import { everyString } from '../../support/strings.ts';

const ONE: ModelConfig = { ...BASE, layers: 1, vocabulary: 2, heads: 1, outputs: 2 };
const FINITE = { precision: 'finite', bits: 4, scale: 1 } as const;

/** Keys that only tell residues apart, 8 nats between them: attention is hardmax on a whole residue class, its tokens tied. */
const tied = builtModel({ ...ONE, period: 2, locality: 0, mlpWidth: 0, outputs: 1, attention: FINITE }, [
  ['embed', [0, 0], 1],
  ['embed', [1, 0], -1],
  ['embed', [0, 2], 1],
  ['embed', [1, 2], 1],
  ['position', [1, 1], 8],
  ['layer.0.key', [0, 0, 1], 1],
  ['layer.0.query', [0, 0, 2], 1],
  ['layer.0.value', [0, 0, 0], 1],
  ['unembed', [0, 0], 1],
]);
/** Keys that only tell tokens apart: one class wins, so f(x) = f(z) once attention is hardmax. */
const apart = builtModel({ ...ONE, period: 1, locality: 0, mlpWidth: 0, outputs: 1, attention: FINITE }, [
  ['embed', [0, 0], 1],
  ['embed', [1, 0], 5],
  ['embed', [0, 2], 1],
  ['embed', [1, 2], 1],
  ['layer.0.key', [0, 0, 0], 1],
  ['layer.0.query', [0, 0, 2], 1],
  ['layer.0.value', [0, 0, 0], 1],
  ['unembed', [0, 0], 1],
]);

const models: [string, Model][] = [
  ['plain', randomModel({ ...ONE, locality: 0 }, 1, [0, 0])],
  ['two heads, τ = 2, suffix wins', randomModel({ ...ONE, heads: 2, locality: 2 }, 2, [0.5, 2])],
  ['Δ = 2, GELU', randomModel({ ...ONE, period: 2, locality: 0, activation: 'gelu' }, 3, [0, 0.5])],
  ['Δ = 3, τ = 1, suffix fades', randomModel({ ...ONE, period: 3, locality: 1 }, 4, [-1, 0.9])],
  ['balanced', randomModel({ ...ONE, locality: 1 }, 5, [1, 1])],
  ['finite precision, a residue class tied', tied],
  ['finite precision, one class', apart],
];

describe('the certificate holds for every string of 0s and 1s up to T = 14', () => {
  test.each(models)('%s', (_, model) => {
    const { config } = model;
    const { errorAt } = certificateOf(model, classTables(model))!;
    const outputs = new Map<string, number[]>();
    const f = (tokens: Uint8Array) => {
      const key = tokens.join('');
      const known = outputs.get(key) ?? [...linearTimeForward(model, tokens)];
      outputs.set(key, known);
      return known;
    };
    let worst = 0;
    let checked = 0;
    const least = shortestLength(config);
    for (let T = least + 1; T <= 14; T++) {
      for (const tokens of everyString(2, T)) {
        for (let n = least; n < T; n++) {
          const short = deterministicShort(tokens, n, config);
          const certified = errorAt(short.length);
          const error = distance(f(tokens), f(short));
          if (error > certified * (1 + 1e-12) + 1e-12)
            throw new Error(`broken: x = ${tokens.join('')}, n = ${n}: ${error} > ${certified}`);
          if (Number.isFinite(certified)) {
            checked++;
            if (certified > 0) worst = Math.max(worst, error / certified);
          }
        }
      }
    }
    console.info(`${checked} pairs, largest error ${(100 * worst).toFixed(1)} % of what was certified`);
    expect(checked).toBeGreaterThan(1000);
  });
});

describe('the certificate', () => {
  test.each(models)('holds for random long strings: %s', (_, model) => {
    const { config } = model;
    const { errorAt } = certificateOf(model, classTables(model))!;
    for (let seed = 0; seed < 20; seed++) {
      const tokens = Uint8Array.from(randomTokens(500 + seed, 2, seed));
      for (const n of [20, 60, 180]) {
        const short = deterministicShort(tokens, n, config);
        const error = distance([...linearTimeForward(model, tokens)], [...linearTimeForward(model, short)]);
        expect(error).toBeLessThanOrEqual(errorAt(short.length) + 1e-12);
      }
    }
  });

  it('can fail: a quarter of it is broken for a model that takes the mean of the tokens', () => {
    const mean = builtModel({ ...ONE, locality: 0, mlpWidth: 0, outputs: 1 }, [
      ['embed', [1, 0], 1],
      ['layer.0.value', [0, 0, 0], 1],
      ['unembed', [0, 0], 1],
    ]);
    const { errorAt } = certificateOf(mean, classTables(mean))!;
    let most = 0;
    for (const tokens of everyString(2, 12)) {
      const short = deterministicShort(tokens, 5, mean.config);
      const error = distance([...linearTimeForward(mean, tokens)], [...linearTimeForward(mean, short)]);
      most = Math.max(most, error / errorAt(short.length));
    }
    expect(most).toBeGreaterThan(0.25);
  });

  it('never rises with the length, and the length never falls with 1/ε (property)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...models.slice(0, 5)),
        fc.double({ min: 2, max: 12, noNaN: true }),
        fc.double({ min: 0, max: 3, noNaN: true }),
        ([, model], log, more) => {
          const certificate = certificateOf(model, classTables(model))!;
          const [short, long] = [10 ** log, 10 ** (log + more)];
          expect(certificate.errorAt(long)).toBeLessThanOrEqual(certificate.errorAt(short) * (1 + 1e-12));
          const [loose, tight] = [
            certificate.log10Length(10 ** -more)!,
            certificate.log10Length(10 ** -(more + 1))!,
          ];
          expect(tight).toBeGreaterThanOrEqual(loose);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is linear in 1/ε where the suffix fades like 1/T', () => {
    const { log10Length } = certificateOf(models[0]![1], classTables(models[0]![1]))!;
    expect(log10Length(1e-5)! - log10Length(1e-4)!).toBeCloseTo(1, 2);
  });

  it('finds the least length', () => {
    const errorAt = (length: number) => (length < 3 ? Infinity : 10 / length);
    expect(10 ** solve(errorAt, 3, 1, 0.1)!).toBeCloseTo(100, 6);
    expect(10 ** solve(errorAt, 3, 4, 0.1)!).toBeCloseTo(103, 6);
    expect(10 ** solve(errorAt, 3, 1, 100)!).toBeCloseTo(3, 6);
    expect(solve(() => 1, 3, 1, 0.1)).toBeNull();
  });

  it('is none for two layers, without rounding, and where rare tokens can share the argmax', () => {
    expect(certificateOf(randomModel(BASE, 1), classTables(randomModel(BASE, 1)))).toBeUndefined();
    const unrounded = randomModel({ ...ONE, attention: { ...FINITE, bits: null } }, 1);
    expect(certificateOf(unrounded, classTables(unrounded))!.log10Length(0.1)).toBeNull();
    // Tokens 0 and 1 of three tie: neither a class of their own nor a whole residue.
    const mixed = builtModel({ ...ONE, vocabulary: 3, locality: 0, attention: FINITE }, [
      ['embed', [0, 0], 1],
      ['embed', [1, 0], 1],
      ['embed', [2, 0], 3],
      ['layer.0.key', [0, 0, 0], 1],
      ['layer.0.query', [0, 0, 0], 1],
      ['layer.0.value', [0, 0, 0], 1],
      ['unembed', [0, 0], 1],
    ]);
    const { log10Length, note } = certificateOf(mixed, classTables(mixed))!;
    expect(log10Length(0.1)).toBeNull();
    expect(note).toMatch(/tie/);
  });
});
