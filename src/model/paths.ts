import type { ModelConfig } from '../shared/model-config.ts';
import type { Positions } from '../shared/protocol.ts';
import { encodingOf } from './encodings/registry.ts';
import { ruleOf } from './rules/registry.ts';

/**
 * How a layer is computed. `class`: a first layer through the class histogram (docs/theory.md §2), O(S·Δ + τ) a position. `query`: a second
 * and last layer behind it for one query a sequence, keys and values never leaving the class layer's coordinates. `dense`: every
 * key against every query, O(T²), for all the rest.
 */
export type Path = 'class' | 'query' | 'dense';

/** Which path a caller allows: the planner's choice, or dense attention throughout. */
export type Preference = 'fastest' | 'dense';

/**
 * The planner: a path for each layer. A first layer under a limit rule sees positions only through their classes, as long as no norm
 * stands between its matrices, which the class tables multiply out.
 */
export function pathsOf(
  { layers, norm, attention }: Pick<ModelConfig, 'layers' | 'norm' | 'attention'>,
  reads: Positions,
  preference: Preference = 'fastest',
): Path[] {
  const dense = Array<Path>(layers).fill('dense');
  if (preference === 'dense' || norm !== 'none' || !ruleOf(attention).limit) return dense;
  if (layers === 2 && reads === 'last') return ['class', 'query'];
  return ['class', ...dense.slice(1)];
}

/**
 * Whether the queries of a dense layer meet the residual stream itself: nothing turns keys, and their own rows would not be much
 * shorter.
 */
export function sharesKeys(model: ModelConfig): boolean {
  return !encodingOf(model.attention).rotates && model.width <= 2 * model.keyWidth;
}

/** Whether a model has more than one layer: the first is then not what is read, and later ones depend on what it attends to. */
export function isDeep({ layers }: Pick<ModelConfig, 'layers'>): boolean {
  return layers > 1;
}

/** Whether f(x) of the last position costs time linear in its length. */
export function isLinear(model: Pick<ModelConfig, 'layers' | 'norm' | 'attention'>): boolean {
  return !pathsOf(model, 'last').includes('dense');
}
