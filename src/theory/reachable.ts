import type { ClassTables } from '../model/first-layer.ts';
import { add, dot, multiply, type Vector } from '../shared/linear.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { type DenseMap, dense } from './linear-map.ts';
import { type Interval, relax } from './relaxation.ts';

/**
 * A set of y^(1) whose query has one of a group of classes: `center + Σ conv(polytopes[i]) + Σ radii[k] [−1, 1] · generators[k]`. The sets
 * of a group together hold every such y^(1), whatever the sequence.
 *
 * Attention is some probability vector over the S·Δ classes, so Y lies in y_q + Σ_h conv{V_h y_c}; each ψ is a line plus an
 * interval over the range its input has there (`relaxation.ts`), so the line keeps what the heads share, and only
 * neurons that can switch add a generator. The hulls are cut into cells where that makes the generators shorter.
 */
export interface ReachableSet {
  center: Vector;
  /** Vertices [d]: the query's own class, then one polytope a head. */
  polytopes: Vector[][];
  /** How far each neuron of layer 1's MLP can be from its line [m]. */
  radii: Vector;
  /** What a neuron adds to the state: the columns of B, the same vectors in every set of a model. */
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
  const mlp = new FirstMlp(model);
  const vertices = (points: Vector[], images: Vector[]): Vertex[] =>
    points.map((at, c) => ({ at, image: images[c]! }));
  const own = vertices(tables.embedding, tables.images.embedding);
  const heads = tables.values.map((values, h) => vertices(values, tables.images.values[h]!));
  return groups.flatMap(queries => {
    const hulls = [queries.map(q => own[q]!), ...heads];
    const cells = single ? cut(mlp, hulls, Math.floor(most / groups.length)) : [mlp.cell(hulls)];
    return cells.map(cell => withStates(mlp, cell, queries));
  });
}

/** The set of a cell. Its states are made when they are asked for: one layer needs the ranges alone. */
function withStates(mlp: FirstMlp, cell: Cell, queries: number[]): ReachableSet {
  let states: ReturnType<FirstMlp['states']> | undefined;
  const made = () => {
    states ??= mlp.states(cell);
    return states;
  };
  return {
    queries,
    pre: cell.pre,
    get center() {
      return made().center;
    },
    get polytopes() {
      return made().polytopes;
    },
    get radii() {
      return made().radii;
    },
    generators: mlp.columns,
  };
}

/** A vertex [d], and what A of layer 1's MLP makes of it [m]. */
interface Vertex {
  at: Vector;
  image: Vector;
}

/** A cell of the hulls that Y lies in. */
interface Cell {
  /** Vertices, one list a hull. */
  hulls: Vertex[][];
  pre: Interval[];
  /** Stand-in for ψ of each neuron [m]. */
  lines: Line[];
  /** How far each neuron can be from its line, in the state [m]. */
  slack: Vector;
  /** Sum of `slack`. */
  loose: number;
}

type Line = ReturnType<typeof relax>;

/** Layer 1's MLP, as hulls are cut by it. */
class FirstMlp {
  private readonly model: AnyModel;
  private readonly B: ArrayLike<number>;
  private readonly bias: ArrayLike<number>;
  /** B e_i of each neuron [m][d]. */
  readonly columns: Vector[];
  /** ‖B e_i‖ [m] */
  private readonly reaches: Vector;

  constructor(model: AnyModel) {
    const { width: d, mlpWidth: m } = model.config;
    this.model = model;
    this.B = model.tensors['layer.0.mlp_out'] ?? [];
    this.bias = model.tensors['layer.0.mlp_bias'] ?? [];
    this.columns = Array.from({ length: m }, (_, i) =>
      Float64Array.from({ length: d }, (__, k) => this.B[k * m + i]!),
    );
    this.reaches = Float64Array.from(this.columns, column => Math.sqrt(dot(column, column)));
  }

  cell(hulls: Vertex[][]): Cell {
    const pre = intervals(
      this.bias,
      hulls.map(vertices => vertices.map(({ image }) => image)),
    );
    const lines = pre.map(interval => relax(this.model.config.activation, interval));
    const slack = this.reaches.map((reach, i) => lines[i]!.radius * reach);
    return { hulls, pre, lines, slack, loose: slack.reduce((sum, x) => sum + x, 0) };
  }

  /** What the MLP makes of a cell. */
  states({ hulls, lines }: Cell): Pick<ReachableSet, 'center' | 'polytopes' | 'radii'> {
    const { width: d } = this.model.config;
    /** Y ↦ Y + B Λ A Y. */
    const straight = ({ at, image }: Vertex) => {
      const out = at.slice();
      add(
        out,
        multiply(
          this.B,
          image.map((x, i) => x * lines[i]!.slope),
          d,
        ),
      );
      return out;
    };
    const offset = Float64Array.from(lines, ({ slope, middle }, i) => slope * this.bias[i]! + middle);
    return {
      center: multiply(this.B, offset, d),
      polytopes: hulls.map(vertices => vertices.map(straight)),
      radii: Float64Array.from(lines, ({ radius }) => radius),
    };
  }
}

/** Cuts hulls, each time the cell whose lines are loosest, across its edge along which the loose neurons change most. */
function cut(mlp: FirstMlp, hulls: Vertex[][], most: number): Cell[] {
  const cells = [mlp.cell(hulls)];
  while (cells.length < most) {
    const loosest = cells.reduce((a, b) => (b.loose > a.loose ? b : a));
    const edge = longestEdge(loosest);
    if (!edge) break;
    const halves = [edge.from, edge.to].map(end =>
      mlp.cell(
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
function longestEdge({ hulls, slack }: Cell) {
  const edges = hulls.flatMap((vertices, hull) =>
    vertices.flatMap((a, to) =>
      vertices.slice(0, to).map((b, from) => ({ hull, from, to, length: between(slack, b.image, a.image) })),
    ),
  );
  const longest = edges.reduce((a, b) => (b.length > a.length ? b : a), {
    hull: 0,
    from: 0,
    to: 0,
    length: 0,
  });
  if (longest.length === 0) return undefined;
  const [u, v] = [hulls[longest.hull]![longest.from]!, hulls[longest.hull]![longest.to]!];
  return { ...longest, middle: { at: midpoint(u.at, v.at), image: midpoint(u.image, v.image) } };
}

/** How far apart two images are, each neuron counted by its slack. */
function between(slack: Vector, a: Vector, b: Vector): number {
  let length = 0;
  for (let i = 0; i < slack.length; i++) length += slack[i]! * Math.abs(a[i]! - b[i]!);
  return length;
}

function midpoint(a: Vector, b: Vector): Vector {
  return a.map((x, k) => (x + b[k]!) / 2);
}

/** Range of every neuron's input A Y + b, Y in the sum of hulls with vertices of these `images` under A. */
function intervals(biases: ArrayLike<number>, images: Vector[][]): Interval[] {
  return Array.from(biases, (bias, i) => {
    const interval = { low: bias, high: bias };
    for (const image of images) {
      let [least, most] = [Infinity, -Infinity];
      for (const v of image) {
        const x = v[i]!;
        if (x < least) least = x;
        if (x > most) most = x;
      }
      interval.low += least;
      interval.high += most;
    }
    return interval;
  });
}

/** Range of g·y over the union of sets. */
export function rangeOf(sets: readonly ReachableSet[], g: Vector): Interval {
  const atoms = atomsOf(sets);
  return rangeOfProducts(sets, multiply(atoms.data, g, atoms.rows));
}

/** The vectors that sets are made of, a row each, in the order of `rangesOfProducts`: those of each set, then the generators of all. */
export function atomsOf(sets: readonly ReachableSet[]): DenseMap {
  const own = sets.flatMap(({ center, polytopes }) => [center, ...polytopes.flat()]);
  const all = [...own, ...sets[0]!.generators];
  const columns = all[0]!.length;
  const data = new Float64Array(all.length * columns);
  all.forEach((atom, i) => {
    data.set(atom, i * columns);
  });
  return dense(data, all.length, columns);
}

/** Range of g·y over the union of sets, by the products of g with the sets' atoms. */
export function rangeOfProducts(sets: readonly ReachableSet[], products: Vector): Interval {
  const ranges = rangesOfProducts(sets, products);
  return {
    low: Math.min(...ranges.map(({ low }) => low)),
    high: Math.max(...ranges.map(({ high }) => high)),
  };
}

/** Range of g·y over each of several sets, by the products of g with their atoms. */
export function rangesOfProducts(sets: readonly ReachableSet[], products: Vector): Interval[] {
  const along = products.subarray(products.length - sets[0]!.generators.length).map(Math.abs);
  let at = 0;
  return sets.map(({ polytopes, radii }) => {
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
    const reach = dot(radii, along);
    return { low: low - reach, high: high + reach };
  });
}
