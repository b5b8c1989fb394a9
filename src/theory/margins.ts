import type { ClassTables } from '../model/first-layer.ts';
import type { Vector } from '../shared/linear.ts';
import type { AnyModel, ModelConfig } from '../shared/model-config.ts';

/** Two logits closer than this are a tie. Trained weights always have near-ties, so a margin means nothing without it. */
export const TIE = 1e-9;

/**
 * The logit margin γ of layer 1 (theory.md §4): the smallest gap between two logits that a query can meet: every class before
 * the τ-suffix, c, and every offset t ≤ τ, c + φ[t], the key's residue fixed by the query's. Over heads and query classes.
 * Infinite when no query meets two different logits.
 */
export function logitMargin(config: ModelConfig, tables: ClassTables): number {
  let margin = Infinity;
  forEachQuery(config, tables, logits => {
    const values = logits.map(({ logit }) => logit).sort((a, b) => a - b);
    for (let i = 1; i < values.length; i++) {
      const gap = values[i]! - values[i - 1]!;
      if (gap > TIE) margin = Math.min(margin, gap);
    }
  });
  return margin;
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
 * The positional margin γ of one layer (theory.md §4): over heads, the distance from the largest of {φ[0..τ], 1} to the next
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
