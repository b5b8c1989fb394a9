import type { ClassTables } from '../model/first-layer.ts';
import { add, multiply, type Vector } from '../shared/linear.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { suffixClasses } from './margins.ts';

/** What f's output makes of a vector v of the residual stream, and what the MLP's inputs do: U v [outputs], then A v [m]. */
export type Probe = Float64Array;

/** A query, and which classes each position of its τ-suffix can have: one each, or all tokens. */
export interface Context {
  query: number;
  /** [τ+1], the query itself first. */
  suffix: number[][];
  /** Their values [H][τ+1]. */
  hulls: Hull[][];
}

/** What the values of some positions can average to: the hull of some means. */
export interface Hull {
  means: Probe[];
  /** The mean of the means. */
  center: Probe;
  /** Least and most of every entry. */
  low: Probe;
  high: Probe;
}

/** What a head makes of the positions of one residue: their hull, and what one of them weighs on average, at each of the hull's means. */
interface Weighted {
  /** e^{c}, relative to the largest content logit of the query. */
  weights: number[];
  hull: Hull;
}

/** Token frequencies of one residue class: the simplex whose corners these are, and what each head makes of them. */
interface Frequencies {
  points: number[][];
  heads: Weighted[];
}

/** A set of bodies (what lies before the τ-suffix) in one context: in each residue class, a simplex of token frequencies. */
export interface BodyCell {
  context: Context;
  residues: Frequencies[];
}

/** Up to this many, contexts hold one suffix each; beyond it they hold one query each. */
const MOST_CONTEXTS = 64;

/** Cells of a one-layer model's bodies: those that together hold all, and how they are cut. */
export class BodyCells {
  /** Every context with every body. */
  readonly roots: BodyCell[];
  /** Values V_h y_c [H][S·Δ] and what the query itself adds [S·Δ]. */
  readonly values: Probe[][];
  readonly queries: Probe[];
  private readonly relative: Float64Array[][];

  constructor({ config, tensors }: AnyModel, tables: ClassTables) {
    this.relative = tables.logits.map(ofHead =>
      ofHead.map(logits => {
        const most = Math.max(...logits);
        return logits.map(logit => Math.exp(logit - most));
      }),
    );
    const probe = (v: Vector, image: Vector) => {
      const joined = new Float64Array(config.outputs + image.length);
      joined.set(multiply(tensors.unembed!, v, config.outputs));
      joined.set(image, config.outputs);
      return joined;
    };
    const { embedding, values, images } = tables;
    this.queries = embedding.map((v, c) => probe(v, images.embedding[c]!));
    this.values = values.map((ofHead, h) => ofHead.map((v, c) => probe(v, images.values[h]![c]!)));
    const { vocabulary, period } = config;
    const corners = Array.from({ length: vocabulary }, (_, s) =>
      Array.from({ length: vocabulary }, (__, other) => (other === s ? 1 : 0)),
    );
    this.roots = contextsOf(config).map(({ query, suffix }) => ({
      context: {
        query,
        suffix,
        hulls: this.values.map(ofHead => suffix.map(classes => hullOf(classes.map(c => ofHead[c]!)))),
      },
      residues: Array.from({ length: period }, (_, r) => ({
        points: corners,
        heads: values.map((_, h) => {
          const made = corners.map(point => this.average(h, query, r, point));
          return { weights: made.map(({ weight }) => weight), hull: hullOf(made.map(({ mean }) => mean)) };
        }),
      })),
    }));
  }

  /** e^{c} of every class, relative to the largest content logit of the query [S·Δ]. */
  weights(h: number, query: number): Float64Array {
    return this.relative[h]![query]!;
  }

  /** A cell in two, across the middle of one edge of one residue's simplex. */
  halves({ context, residues }: BodyCell, r: number, from: number, to: number): BodyCell[] {
    const { points, heads } = residues[r]!;
    const middle = points[from]!.map((p, s) => (p + points[to]![s]!) / 2);
    const made = heads.map((_, h) => this.average(h, context.query, r, middle));
    return [from, to].map(end => {
      const own: Frequencies = {
        points: points.with(end, middle),
        heads: heads.map(({ weights, hull }, h) => ({
          weights: weights.with(end, made[h]!.weight),
          hull: hullOf(hull.means.with(end, made[h]!.mean)),
        })),
      };
      return { context, residues: residues.with(r, own) };
    });
  }

  /** The edge along which attention, weighed by what it gives to the residue, changes most; undefined where none does. */
  longestEdge(
    { residues }: BodyCell,
    shares: readonly (readonly number[])[],
  ): { residue: number; from: number; to: number } | undefined {
    let longest: { residue: number; from: number; to: number } | undefined;
    let most = 1e-12;
    residues.forEach(({ points, heads }, residue) => {
      for (let from = 0; from < points.length; from++) {
        for (let to = 0; to < from; to++) {
          let change = 0;
          heads.forEach(({ weights, hull: { means } }, h) => {
            const odds = Math.abs(Math.log(weights[from]! / weights[to]!));
            change += shares[h]![residue]! * (distance(means[from]!, means[to]!) + odds);
          });
          if (change > most) {
            most = change;
            longest = { residue, from, to };
          }
        }
      }
    });
    return longest;
  }

  /**
   * What a head gives to positions of residue `r` whose tokens have these frequencies: the weight of one on average, and the mean value.
   */
  private average(h: number, query: number, r: number, point: readonly number[]) {
    const mean = new Float64Array(this.queries[0]!.length);
    const period = this.queries.length / point.length;
    const parts = point.map((p, s) => p * this.weights(h, query)[s * period + r]!);
    const weight = parts.reduce((sum, part) => sum + part, 0);
    parts.forEach((part, s) => {
      if (part > 0) add(mean, this.values[h]![s * period + r]!, part / weight);
    });
    return { weight, mean };
  }
}

/** The hull of some means. */
export function hullOf(means: Probe[]): Hull {
  const [first, ...rest] = means as [Probe, ...Probe[]];
  if (rest.length === 0) return { means, center: first, low: first, high: first };
  const [center, low, high] = [first.slice(), first.slice(), first.slice()];
  for (const mean of rest) {
    mean.forEach((x, i) => {
      center[i]! += x;
      if (x < low[i]!) low[i] = x;
      if (x > high[i]!) high[i] = x;
    });
  }
  return { means, center: center.map(x => x / means.length), low, high };
}

function contextsOf({ vocabulary, period, locality }: AnyModel['config']): Omit<Context, 'hulls'>[] {
  const shape = { vocabulary, period };
  const queries = Array.from({ length: vocabulary * period }, (_, query) => query);
  const apart = queries.length * vocabulary ** locality <= MOST_CONTEXTS;
  return queries.flatMap(query => {
    let suffixes: number[][][] = [[]];
    for (let t = 0; t <= locality; t++) {
      const classes = suffixClasses(query, t, shape);
      suffixes = suffixes.flatMap(before =>
        apart ? classes.map(c => [...before, [c]]) : [[...before, classes]],
      );
    }
    return suffixes.map(suffix => ({ query, suffix }));
  });
}

function distance(a: Probe, b: Probe): number {
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(squares);
}
