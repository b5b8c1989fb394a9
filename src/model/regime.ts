import type { Model, Regime } from '../shared/model-config.ts';
import { ruleOf } from './rules/registry.ts';

/**
 * What a head attends to as T grows (docs/theory.md §1), by m = max_t φ[t] in infinite precision: the τ-suffix's share of the attention
 * fades like T^{m−1} (token-dominated, m < 1), settles (balanced, m = 1), or tends to 1 (position-dominated, m > 1).
 */
export function regimeOf(phi: ArrayLike<number>): Regime {
  const highest = Math.max(...Array.from(phi));
  if (highest === 1) return 'balanced';
  return highest < 1 ? 'token' : 'position';
}

/** Regimes of every head `[layer][head]`; undefined outside infinite precision, where no suffix is scaled apart from the rest. */
export function regimesOf({ config, tensors }: Model): Regime[][] | undefined {
  if (ruleOf(config.attention).kind !== 'infinite') return undefined;
  const row = config.locality + 1;
  return Array.from({ length: config.layers }, (_, l) =>
    Array.from({ length: config.heads }, (_, h) =>
      regimeOf(tensors[`layer.${l}.phi`]!.subarray(h * row, (h + 1) * row)),
    ),
  );
}
