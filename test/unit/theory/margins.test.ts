import { describe, expect, it } from 'vitest';
import { classTables, FirstLayer } from '../../../src/model/first-layer.ts';
import { classOf, type ModelConfig } from '../../../src/shared/model-config.ts';
import {
  attainableLogitMargin,
  gapBelowTop,
  largestTie,
  logitMargin,
  positionalMargin,
  suffixBiases,
  TIE,
} from '../../../src/theory/margins.ts';
import { asFinite } from '../../../src/theory/sampled.ts';
import { goldens } from '../../support/golden.ts';
import { BASE, builtModel, randomModel } from '../../support/models.ts';
import fc from '../../support/property.ts';
import { everyString } from '../../support/strings.ts';

/** Small shapes whose strings can all be listed. */
const shapes: Pick<ModelConfig, 'vocabulary' | 'period' | 'locality' | 'heads'>[] = [
  { vocabulary: 2, period: 1, locality: 0, heads: 1 },
  { vocabulary: 2, period: 1, locality: 2, heads: 2 },
  { vocabulary: 2, period: 2, locality: 1, heads: 1 },
  { vocabulary: 2, period: 3, locality: 0, heads: 2 },
  { vocabulary: 3, period: 1, locality: 1, heads: 1 },
];

describe('logit margin', () => {
  it.each(shapes)(
    'is the smallest gap over all strings and queries: $vocabulary tokens, Δ = $period, τ = $locality',
    shape => {
      const config: ModelConfig = { ...BASE, layers: 1, ...shape };
      const model = asFinite(randomModel(config, 5), null);
      const tables = classTables(model);
      // Long enough that some string shows a query every class before the suffix and every suffix.
      const longest = shape.locality + 1 + shape.vocabulary * shape.period + shape.period;
      const met = Array.from({ length: shape.heads }, () => new Map<number, Set<number>>());
      for (const tokens of everyString(shape.vocabulary, Math.min(longest, shape.vocabulary === 2 ? 9 : 6))) {
        const layer = new FirstLayer(model, tables);
        tokens.forEach((token, i) => {
          layer.see(token);
          if (i < shape.locality) return;
          met.forEach((queries, h) => {
            const query = classOf(config, token, i + 1);
            const own = queries.get(query) ?? new Set();
            for (const score of layer.scores(h)) if (score > -Infinity) own.add(score);
            queries.set(query, own);
          });
        });
      }
      let smallest = Infinity;
      for (const queries of met) {
        for (const logits of queries.values()) {
          const sorted = [...logits].sort((a, b) => a - b);
          sorted.slice(1).forEach((value, i) => {
            if (value - sorted[i]! > TIE) smallest = Math.min(smallest, value - sorted[i]!);
          });
        }
      }
      expect(logitMargin(config, tables)).toBeCloseTo(smallest, 12);
    },
  );

  it('is infinite when all logits are equal', () => {
    const tables = classTables(builtModel({ ...BASE, layers: 1 }, []));
    expect(logitMargin({ ...BASE, layers: 1 }, tables)).toBe(Infinity);
  });

  it('does not change when all logits of a query are shifted together (property)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 8 }),
        values => {
          const gap = gapBelowTop(values);
          const shifted = gapBelowTop(values.map(value => value + 3));
          if (gap === Infinity) expect(shifted === Infinity || shifted <= 2 * TIE).toBe(true);
          else if (gap > 2 * TIE) expect(shifted).toBeCloseTo(gap, 9);
        },
      ),
    );
  });
});

describe('attainable logit margin', () => {
  it.each(shapes)(
    'is the smallest gap below the largest logit over all strings: $vocabulary tokens, Δ = $period, τ = $locality',
    shape => {
      const config: ModelConfig = { ...BASE, layers: 1, ...shape };
      for (const seed of [5, 6, 7]) {
        const model = asFinite(randomModel(config, seed), null);
        const tables = classTables(model);
        // Long enough that a residue's positions before the suffix can hold every token.
        const { vocabulary: S, period, locality } = shape;
        const longest = Math.min(locality + 1 + S * period, S === 2 ? 9 : 6);
        let smallest = Infinity;
        for (let T = locality + 1 + period; T <= longest; T++) {
          for (const tokens of everyString(S, T)) {
            const layer = new FirstLayer(model, tables);
            for (const token of tokens) layer.see(token);
            for (let h = 0; h < shape.heads; h++)
              smallest = Math.min(smallest, gapBelowTop(layer.scores(h).filter(score => score > -Infinity)));
          }
        }
        expect(attainableLogitMargin(config, tables)).toBeCloseTo(smallest, 12);
        expect(attainableLogitMargin(config, tables)).toBeGreaterThanOrEqual(logitMargin(config, tables));
      }
    },
  );

  it('is larger than the definition’s on golden models', () => {
    for (const { name, model } of goldens()) {
      const tables = classTables(model);
      const [defined, attainable] = [
        logitMargin(model.config, tables),
        attainableLogitMargin(model.config, tables),
      ];
      console.info(
        `${name}: γ = ${defined.toPrecision(3)}, attainable ${attainable.toPrecision(3)}, ${(attainable / defined).toFixed(1)} times`,
      );
      expect(attainable).toBeGreaterThanOrEqual(defined);
    }
  });
});

describe('the largest tie', () => {
  const tables = (gap: number) => {
    const config: ModelConfig = { ...BASE, layers: 1, heads: 1, locality: 0, vocabulary: 2 };
    const model = builtModel(config, [['layer.0.phi', [0, 0], gap]]);
    return { config, tables: classTables(model) };
  };
  it.each([
    [0, 0],
    [2 ** -31, 2 ** -31],
    [2 ** -20, 0],
  ])('of logits %d apart is %d', (gap, tie) => {
    const { config, tables: own } = tables(gap);
    expect(largestTie(config, own)).toBe(tie);
    expect(logitMargin(config, own)).toBe(tie === gap ? Infinity : gap);
  });
});

describe('positional margin of each layer', () => {
  const config: ModelConfig = { ...BASE, layers: 2, heads: 1, locality: 1 };
  const withPhi = (a: number, b: number) =>
    suffixBiases(
      builtModel(config, [
        ['layer.0.phi', [0, 0], 0.5],
        ['layer.1.phi', [0, 0], a],
        ['layer.1.phi', [0, 1], b],
      ]),
    ).map(positionalMargin);
  it.each([
    [0.5, 0.25, 0.5],
    [1.5, 0.25, 0.5],
    [1.5, 1.5, 0.5],
    [1, 1, Infinity],
    [1, 0.75, 0.25],
    [-2, -2, 3],
  ])('of φ = (%d, %d) in layer 2 is %d', (a, b, margin) => {
    expect(withPhi(a, b)).toEqual([0.5, margin]);
  });
});
