import type { Model } from '../shared/model-config.ts';
import { ruleOf } from './rules/registry.ts';

/** φ of a hard offset: its share falls short of 1 by less than e^{range} i^{1 − 100}, nothing in float64 from the second position on. */
export const HARD_PHI = 100;

/** What became of a head. */
export interface SnappedHead {
  /** From 1. */
  layer: number;
  head: number;
  /** `offset`: to the offsets of the largest φ, alone; `zero`: every φ to 0, all positions alike; `pruned`: silenced. */
  to: 'offset' | 'zero' | 'pruned';
  /** Of `offset`. */
  offsets: number[];
  /** max φ before. */
  phi: number;
}

/**
 * A model in infinite precision with exact heads: where max φ > 1 the offsets of the largest φ get `HARD_PHI` and all others 0, as T → ∞
 * would have it; where max φ ≤ 1 every φ becomes 0. `prune` sets the values of the latter to 0 in every layer but the last: only then does
 * a two-layer model's first layer see nothing but its last tokens (docs/theory.md §13).
 * @throws RangeError for other rules, whose suffix is not settled by φ alone.
 */
export function snapped(model: Model, { prune }: { prune: boolean }): { model: Model; heads: SnappedHead[] } {
  const { config } = model;
  if (ruleOf(config.attention).kind !== 'infinite')
    throw new RangeError('only infinite precision has heads to snap');
  const { layers, heads: H, locality, width } = config;
  const tensors = Object.fromEntries(
    Object.entries(model.tensors).map(([name, tensor]) => [name, tensor.slice()]),
  );
  const heads: SnappedHead[] = [];
  for (let l = 0; l < layers; l++) {
    for (let h = 0; h < H; h++) {
      const phi = tensors[`layer.${l}.phi`]!.subarray(h * (locality + 1), (h + 1) * (locality + 1));
      const top = phi.reduce((a, b) => Math.max(a, b), -Infinity);
      const offsets = top > 1 ? [...phi.keys()].filter(t => phi[t] === top) : [];
      const pruned = prune && top <= 1 && l < layers - 1;
      phi.forEach((_, t) => {
        phi[t] = offsets.includes(t) ? HARD_PHI : 0;
      });
      if (pruned) tensors[`layer.${l}.value`]!.fill(0, h * width * width, (h + 1) * width * width);
      const to = top > 1 ? 'offset' : pruned ? 'pruned' : 'zero';
      heads.push({ layer: l + 1, head: h + 1, to, offsets, phi: top });
    }
  }
  return { model: { config, tensors }, heads };
}
