import type { ClassTables } from '../model/first-layer.ts';
import { add, dot, multiply, type Vector } from '../shared/linear.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { logSum, sum } from './complexity.ts';
import { isOneLayer } from './defined.ts';
import { type DenseMap, written } from './linear-map.ts';
import { logitMap, type Norms, normsOf, valueMap } from './norms.ts';
import {
  atomsOf,
  type ReachableSet,
  rangeOfProducts,
  rangesOfProducts,
  reachableStates,
} from './reachable.ts';
import type { Interval } from './relaxation.ts';
import { slopeBound, steepestSlopes } from './slope-bound.ts';

/** Vertices of a reachable set that are tried one by one; beyond that, polytopes are bounded one at a time. */
const MOST_VERTICES = 512;

/**
 * log10 C(f) in the range form [ours]: the chain of the norm form (docs/theory.md §4) with every factor replaced by what the S·Δ classes
 * and the reachable y^(1) (`reachable.ts`) allow. With `δ` the simulation's discrepancy of (suffix, histogram) laws, per query class:
 *
 *     G1      = J_1 ½ Σ_h spread_1h e^{range_1h}                     y^(1) against the histogram (ℓ1), J_1 the MLP's slope bound
 *     C(f)    = J_2 [ G1 (1 + Σ_h spread_2h W_h / 4)                 the query itself moves; |Cov| ≤ ¼ · ranges
 *                   + Σ_h e^{ρ_h} ((‖V_2h‖ + G_h spread_2h) G1 + spread_2h) ] (τ + 1)      the law of the keys moves
 *
 * ρ_h: range of layer-2 logits; spread_2h, W_h: diameters of V_2h y and M_hᵀ y; G_h: largest ‖M_h y_T‖, M = s K_2ᵀ Q_2; J_2 that of U and
 * layer 2's MLP. One layer: G1 with U in J_1. −∞ when f is constant. Slopes are those of the cells that hulls are cut into: what moves
 * crosses cells, and the steepest one bounds it.
 */
export function rangeComplexity(
  model: AnyModel,
  tables: ClassTables,
  sets: readonly ReachableSet[] = reachableStates(model, tables),
  { steepest, norms }: { steepest?: ReadonlyMap<number, number> | undefined; norms?: Norms } = {},
): number {
  const { config } = model;
  if (isOneLayer(config)) {
    const slopes = steepest ?? steepestSlopes(model, sets, norms);
    const logs = [...slopes].map(([query, slope]) => Math.log(slope) + logFirst(tables, [query]));
    return Math.max(...logs) / Math.LN10;
  }
  const known = norms ?? normsOf(model);
  const slopeOne = slopeBound(model, 0, false, known);
  const logG1s = sets.map(({ pre, queries }) => Math.log(slopeOne.at(pre)) + logFirst(tables, queries));
  const logG1 = Math.max(...logG1s);
  const atoms = atomsOf(sets);
  const heads = Array.from({ length: config.heads }, (_, h) =>
    secondHead(model, h, { sets, atoms, norms: known }),
  );
  const secondPre = secondInputs(model, sets, atoms);
  const slopeTwo = slopeBound(model, 1, true, known);
  const logC = sets.map((set, g) => {
    const J2 = slopeTwo.at(secondPre(g));
    const moved = 1 + sum(heads.map(({ spread, keySpread }) => (spread * keySpread) / 4));
    const keys = heads.map(({ spread, norm, logits }) => {
      const { range, steepest } = logits(set);
      return range + logSum([Math.log(norm + steepest * spread) + logG1, Math.log(spread)]);
    });
    return Math.log(J2) + logSum([logG1s[g]! + Math.log(moved), ...keys]);
  });
  return (Math.max(...logC) + Math.log(config.locality + 1)) / Math.LN10;
}

/**
 * log max_q ½ Σ_h spread_h e^{range_h(q)} over a group of query classes: half the ℓ1 distance of histograms is their total variation, which
 * a softmax stretches by at most e^{range}.
 */
function logFirst(tables: ClassTables, queries: number[]): number {
  const spreads = tables.values.map(spreadOf);
  const perQuery = queries.map(q =>
    logSum(spreads.map((spread, h) => Math.log(spread) + contentRange(tables, h, q))),
  );
  return Math.max(...perQuery) - Math.LN2;
}

/** max − min content logit of a query class over all key classes. */
export function contentRange(tables: ClassTables, h: number, query: number): number {
  const logits = tables.logits[h]![query]!;
  return Math.max(...logits) - Math.min(...logits);
}

/** max over class pairs of ‖V_h (y_c − y_c')‖. */
export function spreadOf(values: Vector[]): number {
  let most = 0;
  values.forEach((a, i) => {
    for (const b of values.slice(i + 1)) most = Math.max(most, Math.hypot(...a.map((x, k) => x - b[k]!)));
  });
  return most;
}

/** What a head of layer 2 can do to reachable states. */
function secondHead(
  model: AnyModel,
  h: number,
  { sets, atoms, norms }: { sets: readonly ReachableSet[]; atoms: DenseMap; norms: Norms },
) {
  const V = valueMap(model, 1, h);
  const M = written(logitMap(model, 1, h));
  const atom = (i: number) => atoms.data.subarray(i * atoms.columns, (i + 1) * atoms.columns);
  const imagesOf = (apply: (y: Vector) => Vector) =>
    Array.from({ length: atoms.rows }, (_, i) => apply(atom(i)));
  const keys = imagesOf(M.applyTransposed);
  const logits = new Float64Array(atoms.data.length);
  keys.forEach((key, i) => {
    logits.set(key, i * atoms.columns);
  });
  const diameter = (images: Vector[]) => {
    const extents = Array.from(images[0]!, (_, k) =>
      extentOf(
        sets,
        Float64Array.from(images, image => image[k]!),
      ),
    );
    return Math.hypot(...extents);
  };
  const ranges = convexSize(
    sets,
    y => multiply(logits, y, atoms.rows),
    products => extentOf(sets, products),
  );
  const gradients = convexSize(sets, M.apply, image => Math.hypot(...image));
  return {
    norm: norms.layers[1]!.V[h]!,
    spread: diameter(imagesOf(V.apply)),
    keySpread: diameter(keys),
    /** Over queries in `set`: the largest range of logits, and the largest gradient of a logit in its key. */
    logits: (set: ReachableSet) => ({
      range: mostOverSet(set, ranges),
      steepest: mostOverSet(set, gradients),
    }),
  };
}

function extentOf(sets: readonly ReachableSet[], products: Vector): number {
  const { low, high } = rangeOfProducts(sets, products);
  return high - low;
}

/** Ranges of the inputs of layer 2's MLP when the query is in the set of an index and keys are anywhere. */
function secondInputs(
  model: AnyModel,
  sets: readonly ReachableSet[],
  atoms: DenseMap,
): (set: number) => Interval[] {
  const { mlpWidth: m, width: d, heads } = model.config;
  if (m === 0) return () => [];
  const [A, bias] = [model.tensors['layer.1.mlp_in']!, model.tensors['layer.1.mlp_bias']!];
  const values = Array.from({ length: heads }, (_, h) => valueMap(model, 1, h));
  const rows = Array.from({ length: m }, (_, i) => {
    const row = Float64Array.from(A.subarray(i * d, (i + 1) * d));
    const others = values.map(V => rangeOfProducts(sets, atoms.apply(V.applyTransposed(row))));
    return {
      own: rangesOfProducts(sets, atoms.apply(row)),
      low: bias[i]! + sum(others.map(({ low }) => low)),
      high: bias[i]! + sum(others.map(({ high }) => high)),
    };
  });
  return set => rows.map(({ own, low, high }) => ({ low: low + own[set]!.low, high: high + own[set]!.high }));
}

/** The size of a linear image: convex, even, homogeneous and subadditive. */
interface ConvexSize {
  image: (y: Vector) => Vector;
  size: (image: Vector) => number;
  /** Of every generator [m]. */
  reaches: Vector;
}

function convexSize(
  [any]: readonly ReachableSet[],
  image: ConvexSize['image'],
  size: ConvexSize['size'],
): ConvexSize {
  return { image, size, reaches: Float64Array.from(any!.generators, generator => size(image(generator))) };
}

/** An upper bound of a size over a set: its largest value at the vertices, plus what the generators can add. */
function mostOverSet(set: ReachableSet, { image, size, reaches }: ConvexSize): number {
  const noise = dot(set.radii, reaches);
  const corners = set.polytopes.reduce((product, vertices) => product * vertices.length, 1);
  const center = image(set.center);
  const polytopes = set.polytopes.map(vertices => vertices.map(image));
  if (corners <= MOST_VERTICES) return mostAtVertices(center, polytopes, size) + noise;
  let middle = center;
  let around = 0;
  for (const polytope of polytopes) {
    const centroid = new Float64Array(center.length);
    for (const v of polytope) add(centroid, v, 1 / polytope.length);
    middle = plus(middle, centroid);
    around += Math.max(...polytope.map(v => size(plus(v, centroid, -1))));
  }
  return size(middle) + around + noise;
}

/** The largest size of `point` plus a vertex of every polytope. */
function mostAtVertices(point: Vector, polytopes: Vector[][], size: (image: Vector) => number): number {
  const [first, ...rest] = polytopes;
  if (!first) return size(point);
  return Math.max(...first.map(v => mostAtVertices(plus(point, v), rest, size)));
}

function plus(a: Vector, b: Vector, scale = 1): Vector {
  const out = a.slice();
  add(out, b, scale);
  return out;
}
