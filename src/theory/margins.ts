import type { ClassTables } from '../model/first-layer.ts';
import type { Vector } from '../shared/linear.ts';
import type { AnyModel, ModelConfig } from '../shared/model-config.ts';

/**
 * Two logits closer than this are a tie. Trained weights always have near-ties, so a margin means nothing without it. A gap g in (0, TIE]
 * is a tie only for T < 2^(p/g), where the lower weight, T^−g, is rounded to 0 (`largestTie`).
 */
export const TIE = 1e-9;

/**
 * The logit margin γ of layer 1 as it is defined (docs/theory.md §4): the smallest gap between two logits that a query can meet: every
 * class before the τ-suffix, c, and every offset t ≤ τ, c + φ[t], the key's residue fixed by the query's. Over heads and query classes.
 * Infinite when no query meets two different logits.
 */
export function logitMargin(config: ModelConfig, tables: ClassTables): number {
  let margin = Infinity;
  forEachQuery(config, tables, logits => {
    levelsOf(logits).reduce((lower, level) => {
      margin = Math.min(margin, level[0]!.logit - lower.at(-1)!.logit);
      return level;
    });
  });
  return margin;
}

/**
 * The attainable logit margin of layer 1 (docs/theory.md §4): the smallest gap between the largest logit of one softmax and another of it,
 * over all strings that hold every residue before the τ-suffix, which all of T ≥ Δ + τ + 1 tokens do. Such a softmax has one key at each
 * offset (at t = 0 the query itself), and at least one of each residue before them; which tokens they are, each may choose apart from all
 * others. So a logit is the largest of some softmax where no other offset or residue has only larger ones, and any smaller one may stand
 * beside it that is not another choice for the same offset. From T = 2^(p/margin) on, attention is hardmax: what is below the largest
 * weighs T^−gap ≤ 2^−p.
 */
export function attainableLogitMargin(config: ModelConfig, tables: ClassTables): number {
  let margin = Infinity;
  forEachQuery(config, tables, logits => {
    const levels = levelsOf(logits);
    const floor = leastLargest(logits, config);
    levels.forEach((level, i) => {
      const below = levels.slice(0, i).flat();
      for (const top of level) {
        if (top.logit < floor) continue;
        const next = below.findLast(({ offset }) => offset === null || offset !== top.offset);
        if (next) margin = Math.min(margin, top.logit - next.logit);
      }
    });
  });
  return margin;
}

/** The least that the largest logit of a softmax can be: no offset and no residue can do without a key. */
export function leastLargest(logits: readonly MetLogit[], { period }: Pick<ModelConfig, 'period'>): number {
  const least = new Map<string, number>();
  for (const { logit, keyClass, offset } of logits) {
    const slot = offset === null ? `residue ${keyClass % period}` : `offset ${offset}`;
    least.set(slot, Math.min(least.get(slot) ?? Infinity, logit));
  }
  return Math.max(...least.values());
}

/** The largest gap between two logits of a query that count as equal: they are equal for T < 2^(p/gap). 0 where they are so at every T. */
export function largestTie(config: ModelConfig, tables: ClassTables): number {
  let gap = 0;
  forEachQuery(config, tables, logits => {
    for (const level of levelsOf(logits)) gap = Math.max(gap, level.at(-1)!.logit - level[0]!.logit);
  });
  return gap;
}

/** Logits in ascending order, those that count as equal together. */
export function levelsOf(logits: readonly MetLogit[]): MetLogit[][] {
  const levels: MetLogit[][] = [];
  for (const each of [...logits].sort((a, b) => a.logit - b.logit)) {
    const level = levels.at(-1);
    if (level && each.logit - level.at(-1)!.logit <= TIE) level.push(each);
    else levels.push([each]);
  }
  return levels;
}

/** A logit that a query can meet, and the class of its key. `offset` null: somewhere before the τ-suffix. */
export interface MetLogit {
  logit: number;
  keyClass: number;
  offset: number | null;
}

/** Calls `visit` with all logits that each query class of each head can meet, φ added as in finite precision. */
export function forEachQuery(
  config: ModelConfig,
  tables: ClassTables,
  visit: (logits: MetLogit[], head: number, query: number) => void,
): void {
  const { period, vocabulary, heads, locality } = config;
  for (let h = 0; h < heads; h++) {
    tables.logits[h]!.forEach((content, query) => {
      const met: MetLogit[] = Array.from(content, (logit, keyClass) => ({ logit, keyClass, offset: null }));
      for (let t = 0; t <= locality; t++) {
        for (const keyClass of suffixClasses(query, t, { period, vocabulary }))
          met.push({ logit: content[keyClass]! + tables.phi[h]![t]!, keyClass, offset: t });
      }
      visit(met, h, query);
    });
  }
}

/** Classes that a key `t` positions before a query of class `query` can have; at t = 0 the query itself. */
export function suffixClasses(
  query: number,
  t: number,
  { period, vocabulary }: Pick<ModelConfig, 'period' | 'vocabulary'>,
): number[] {
  if (t === 0) return [query];
  const residue = (((query % period) - t) % period) + period;
  return Array.from({ length: vocabulary }, (_, x) => x * period + (residue % period));
}

/** φ of every layer of a limit model [L][H][τ+1]. */
export function suffixBiases({ config, tensors }: AnyModel): Vector[][] {
  const { layers, heads, locality } = config;
  const row = locality + 1;
  return Array.from({ length: layers }, (_, l) =>
    Array.from({ length: heads }, (__, h) =>
      Float64Array.from(tensors[`layer.${l}.phi`]!.subarray(h * row, (h + 1) * row)),
    ),
  );
}

/**
 * The positional margin γ of one layer (docs/theory.md §4): over heads, the distance from the largest of {φ[0..τ], 1} to the next
 * distinct value. Infinite when every φ is 1.
 */
export function positionalMargin(phi: readonly ArrayLike<number>[]): number {
  return Math.min(...phi.map(row => gapBelowTop([...Array.from(row), 1])));
}

/** The distance from the largest value to the largest that is below it by more than a tie; infinite when there is none. */
export function gapBelowTop(values: Iterable<number>): number {
  const sorted = [...values].sort((a, b) => b - a);
  const below = sorted.find(value => value < sorted[0]! - TIE);
  return below === undefined ? Infinity : sorted[0]! - below;
}
