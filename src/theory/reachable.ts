import type { ClassTables } from '../model/first-layer.ts';
import { add, dot, multiply, type Vector } from '../shared/linear.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { type Interval, relax } from './relaxation.ts';

/**
 * A set that holds every y^(1) whose query has one of a group of classes, whatever the sequence:
 * `center + Σ conv(polytopes[i]) + Σ [−1, 1] · generators[k]`.
 *
 * Attention is some probability vector over the S·Δ classes, so Y lies in y_q + Σ_h conv{V_h y_c}; each ψ is a line plus an
 * interval over the range its input has there (`relaxation.ts`), so the line keeps what the heads share, and only
 * neurons that can switch add a generator.
 */
export interface ReachableSet {
  center: Vector;
  /** Vertices [d]: the query's own class, then one polytope a head. */
  polytopes: Vector[][];
  generators: Vector[];
  /** Query classes of the group. */
  queries: number[];
  /** Range of each neuron's input in layer 1's MLP. */
  pre: Interval[];
}

/** Up to this many classes, each query class has a set of its own. */
const MOST_GROUPS = 16;

/** Sets that together hold every reachable y^(1). */
export function reachableStates(model: AnyModel, tables: ClassTables): ReachableSet[] {
  const classes = tables.embedding.map((_, c) => c);
  const groups = classes.length <= MOST_GROUPS ? classes.map(c => [c]) : [classes];
  return groups.map(queries => reachable(model, tables, queries));
}

function reachable(model: AnyModel, tables: ClassTables, queries: number[]): ReachableSet {
  const { config, tensors } = model;
  const { width: d, mlpWidth: m, activation } = config;
  const residual = [queries.map(q => tables.embedding[q]!), ...tables.values];
  const pre = preActivations(model, 0, residual);
  const lines = pre.map(interval => relax(activation, interval));
  const A = m > 0 ? tensors['layer.0.mlp_in']! : [];
  const B = m > 0 ? tensors['layer.0.mlp_out']! : [];
  /** Y ↦ Y + B Λ A Y. */
  const straight = (Y: Vector) => {
    const out = Y.slice();
    const inner = multiply(A, Y, m);
    add(
      out,
      multiply(
        B,
        inner.map((x, i) => x * lines[i]!.slope),
        d,
      ),
    );
    return out;
  };
  const offset = Float64Array.from(
    lines,
    ({ slope, middle }, i) => slope * tensors['layer.0.mlp_bias']![i]! + middle,
  );
  return {
    center: multiply(B, offset, d),
    polytopes: residual.map(vertices => vertices.map(straight)),
    generators: lines.flatMap(({ radius }, i) =>
      radius > 0 ? [Float64Array.from({ length: d }, (_, k) => radius * B[k * m + i]!)] : [],
    ),
    queries,
    pre,
  };
}

/** Range of every neuron's input A Y + b of layer `l`, Y in the sum of the hulls of `polytopes`. Empty without an MLP. */
export function preActivations({ config, tensors }: AnyModel, l: number, polytopes: Vector[][]): Interval[] {
  const { mlpWidth: m } = config;
  if (m === 0) return [];
  const A = tensors[`layer.${l}.mlp_in`]!;
  const images = polytopes.map(vertices => vertices.map(v => multiply(A, v, m)));
  return Array.from(tensors[`layer.${l}.mlp_bias`]!, (bias, i) => {
    const interval = { low: bias, high: bias };
    for (const image of images) {
      interval.low += image.reduce((least, v) => Math.min(least, v[i]!), Infinity);
      interval.high += image.reduce((most, v) => Math.max(most, v[i]!), -Infinity);
    }
    return interval;
  });
}

/** max g·y over one set. */
export function support(set: ReachableSet, g: Vector): number {
  let total = dot(g, set.center);
  for (const vertices of set.polytopes) {
    let most = -Infinity;
    for (const v of vertices) most = Math.max(most, dot(g, v));
    total += most;
  }
  for (const generator of set.generators) total += Math.abs(dot(g, generator));
  return total;
}

/** max g·y over the union of the sets. */
export function supportOfAll(sets: readonly ReachableSet[], g: Vector): number {
  let most = -Infinity;
  for (const set of sets) most = Math.max(most, support(set, g));
  return most;
}

/** How far apart two reachable states can be in direction g: max g·y − min g·y over the union. */
export function extent(sets: readonly ReachableSet[], g: Vector): number {
  return (
    supportOfAll(sets, g) +
    supportOfAll(
      sets,
      g.map(x => -x),
    )
  );
}

/** Range of g·y over sets. */
export function rangeOf(sets: readonly ReachableSet[], g: Vector): Interval {
  return {
    low: -supportOfAll(
      sets,
      g.map(x => -x),
    ),
    high: supportOfAll(sets, g),
  };
}
