import type { ClassTables } from '../model/first-layer.ts';
import { add, dot, multiply, type Vector } from '../shared/linear.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { sum as total } from './complexity.ts';
import { type Interval, relax } from './relaxation.ts';

/**
 * A set of y^(1) whose query has one of a group of classes: `center + Σ conv(polytopes[i]) + Σ [−1, 1] · generators[k]`. The sets of a
 * group together hold every such y^(1), whatever the sequence.
 *
 * Attention is some probability vector over the S·Δ classes, so Y lies in y_q + Σ_h conv{V_h y_c}; each ψ is a line plus an
 * interval over the range its input has there (`relaxation.ts`), so the line keeps what the heads share, and only
 * neurons that can switch add a generator. The hulls are cut into cells where that makes the generators shorter.
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

/** Up to this many classes, each query class has a set of its own, and hulls are cut into cells. */
const MOST_GROUPS = 16;
/** Sets of all groups together, at most: what bounds are made of is evaluated on pairs of them. */
const MOST_SETS = 64;

/** Sets that together hold every reachable y^(1). */
export function reachableStates(model: AnyModel, tables: ClassTables, most = MOST_SETS): ReachableSet[] {
  const classes = tables.embedding.map((_, c) => c);
  const single = classes.length <= MOST_GROUPS;
  const groups = single ? classes.map(c => [c]) : [classes];
  return groups.flatMap(queries => {
    const hulls = [queries.map(q => tables.embedding[q]!), ...tables.values];
    const cells = single ? cut(model, hulls, Math.floor(most / groups.length)) : [relaxed(model, hulls)];
    return cells.map(cell => ({ ...cell.image, queries, pre: cell.pre }));
  });
}

/** A cell of the hulls that Y lies in, and what the MLP makes of it. */
interface Cell {
  /** Vertices [d], one list a hull. */
  hulls: Vector[][];
  pre: Interval[];
  image: Pick<ReachableSet, 'center' | 'polytopes' | 'generators'>;
  /** How far each neuron can be from its line, in the state [m]. */
  slack: number[];
}

/** Cuts hulls, each time the cell whose lines are loosest, across its edge along which the loose neurons change most. */
function cut(model: AnyModel, hulls: Vector[][], most: number): Cell[] {
  const cells = [relaxed(model, hulls)];
  while (cells.length < most) {
    const loosest = cells.reduce((a, b) => (total(b.slack) > total(a.slack) ? b : a));
    const edge = longestEdge(model, loosest);
    if (!edge) break;
    const halves = [edge.from, edge.to].map(end =>
      relaxed(
        model,
        loosest.hulls.map((vertices, i) =>
          i === edge.hull ? vertices.map((v, k) => (k === end ? edge.middle : v)) : vertices,
        ),
      ),
    );
    cells.splice(cells.indexOf(loosest), 1, ...halves);
  }
  return cells;
}

/** Undefined when no neuron is loose. */
function longestEdge(model: AnyModel, { hulls, slack }: Cell) {
  const { mlpWidth: m } = model.config;
  const A = m > 0 ? model.tensors['layer.0.mlp_in']! : [];
  const edges = hulls.flatMap((vertices, hull) => {
    const images = vertices.map(v => multiply(A, v, m));
    return vertices.flatMap((_, to) =>
      vertices.slice(0, to).map((__, from) => ({
        ...{ hull, from, to },
        length: total(slack.map((loose, i) => loose * Math.abs(images[from]![i]! - images[to]![i]!))),
      })),
    );
  });
  const longest = edges.reduce((a, b) => (b.length > a.length ? b : a), {
    hull: 0,
    from: 0,
    to: 0,
    length: 0,
  });
  if (longest.length === 0) return undefined;
  const [u, v] = [hulls[longest.hull]![longest.from]!, hulls[longest.hull]![longest.to]!];
  return { ...longest, middle: u.map((x, k) => (x + v[k]!) / 2) };
}

function relaxed(model: AnyModel, hulls: Vector[][]): Cell {
  const { config, tensors } = model;
  const { width: d, mlpWidth: m, activation } = config;
  const pre = preActivations(model, 0, hulls);
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
  const reach = lines.map(({ radius }, i) =>
    radius > 0 ? Float64Array.from({ length: d }, (_, k) => radius * B[k * m + i]!) : undefined,
  );
  return {
    hulls,
    pre,
    image: {
      center: multiply(B, offset, d),
      polytopes: hulls.map(vertices => vertices.map(straight)),
      generators: reach.filter(generator => generator !== undefined),
    },
    slack: reach.map(generator => (generator ? Math.hypot(...generator) : 0)),
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

/** Range of g·y over the union of sets. */
export function rangeOf(sets: readonly ReachableSet[], g: Vector): Interval {
  return rangeOfProducts(
    sets,
    atomsOf(sets).map(atom => dot(atom, g)),
  );
}

/** How far apart two reachable states can be in direction g. */
export function extent(sets: readonly ReachableSet[], g: Vector): number {
  const { low, high } = rangeOf(sets, g);
  return high - low;
}

/** The vectors that sets are made of, in the order of `rangeOfProducts`. */
export function atomsOf(sets: readonly ReachableSet[]): Vector[] {
  return sets.flatMap(({ center, polytopes, generators }) => [center, ...polytopes.flat(), ...generators]);
}

/** Range of g·y over the union of sets, by the products of g with the sets' atoms. */
export function rangeOfProducts(sets: readonly ReachableSet[], products: ArrayLike<number>): Interval {
  const range = { low: Infinity, high: -Infinity };
  let at = 0;
  for (const { polytopes, generators } of sets) {
    let low = products[at++]!;
    let high = low;
    for (const { length } of polytopes) {
      let [least, most] = [Infinity, -Infinity];
      for (const end = at + length; at < end; at++) {
        const product = products[at]!;
        if (product < least) least = product;
        if (product > most) most = product;
      }
      low += least;
      high += most;
    }
    for (const end = at + generators.length; at < end; at++) {
      const reach = Math.abs(products[at]!);
      low -= reach;
      high += reach;
    }
    range.low = Math.min(range.low, low);
    range.high = Math.max(range.high, high);
  }
  return range;
}
