import { type ClassTables, classTables, FirstLayer } from '../model/first-layer.ts';
import { dot, multiply, multiplyTransposed, type Vector } from '../shared/linear.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { tokensOfGram } from '../tasks/laws/chain.ts';
import { sum } from './complexity.ts';
import { hasInfinitePrecision, isDefined } from './defined.ts';
import { limitStates, reachOf, settledOf } from './limit.ts';
import { suffixBiases } from './margins.ts';
import { mapOf, type Norms, normsOf } from './norms.ts';
import { spreadOf } from './range.ts';
import { type ReachableSet, rangeOf, reachableStates } from './reachable.ts';
import type { Interval } from './relaxation.ts';
import { slopeBound } from './slope-bound.ts';

/*
 * A two-layer model whose layer 1 sees nothing but the last tokens, lifted (docs/theory.md §13): every head of layer 1 is
 * position-dominated (max φ > 1) or silent (V_h y the same for all classes). At T = ∞ its state is then g(w), w the gram of the last g
 * tokens, and layer 2 is a one-layer model over S^g classes.
 *
 * At a finite position j ≥ g a share off_h(j) of head h is not on its settled offsets:
 *
 *     off_h(j) ≤ odds / (1 + odds)
 *     odds = [ j e^{max c} + Σ_{t unsettled} j^{φ[t]} e^{max c_t} ] / ( j^{max φ} Σ_{t settled} e^{min c_t} )
 *
 * max over queries, c the content logits that the query can meet there; j stands for the j − τ − 1 positions of the body, so that the
 * bound never rises with j. Hence ‖y_j − g(w_j)‖ ≤ d(j) = J_1 Σ_h spread_1h off_h(j), J_1 the slope bound of layer 1's MLP: the slack of
 * a model that is not snapped. At positions 1 … g − 1 the gram is not whole; what is there is only known to be a reachable state.
 */

/** Layer 2 of a head for one query gram. */
export interface LiftedQuery {
  /** Logits of the grams [S^g]. */
  logits: Vector;
  /** At least the logit of any state that a position can have. */
  highest: number;
  /** ‖∂ logit / ∂ key‖ */
  steepness: number;
}

export interface LiftedHead {
  /** φ of layer 2 [τ+1]. */
  phi: Vector;
  /** By query gram. */
  queries: LiftedQuery[];
  /** At least the distance ‖V (y − y')‖ of any two states. */
  spread: number;
  /** ‖V‖ */
  norm: number;
  /** At least the range of s (K y − K y')·Q e over pairs of states, for ‖e‖ = 1: what a moved query does to logits. */
  keySpread: number;
}

export interface Lifted {
  vocabulary: number;
  locality: number;
  /** g: tokens of a gram. */
  gram: number;
  heads: LiftedHead[];
  /** J_2 by query gram: slope bound of U and layer 2's MLP where that gram asks. */
  slopes: number[];
  /** d(j), j ≥ g; never rises from j = 2 on. */
  slack(position: number): number;
}

/** Most grams of a lifted model: layer 2 is looked at pair by pair. */
const MOST_GRAMS = 1024;

/** Why a model cannot be lifted, in words; undefined where it can. */
export function whyNotLifted(model: AnyModel, tables: ClassTables): string | undefined {
  const { config } = model;
  if (!isDefined('simulation', config) || config.layers !== 2)
    return 'it takes two limit layers without norm';
  if (!hasInfinitePrecision(config.attention)) return 'it takes infinite precision';
  if (config.period !== 1) return `Δ = ${config.period}: it takes Δ = 1`;
  const wide = speaking(tables).filter(h => settledOf(tables.phi[h]!).body);
  if (wide.length > 0)
    return `layer 1 sees more than its last tokens: max φ ≤ 1 in head ${wide.map(h => h + 1).join(', ')} (\`lengthwise snap\` prunes such heads)`;
  const grams = config.vocabulary ** gramLength(tables);
  if (grams > MOST_GRAMS) return `${grams} grams: at most ${MOST_GRAMS}`;
  return undefined;
}

/** Heads of layer 1 whose output depends on what they attend to. */
function speaking({ values }: ClassTables): number[] {
  return [...values.keys()].filter(h => spreadOf(values[h]!) > 0);
}

/** Tokens that layer 1 sees at T = ∞. */
function gramLength(tables: ClassTables): number {
  return reachOf(speaking(tables).map(h => tables.phi[h]!));
}

/** The lifted model. @throws RangeError where `whyNotLifted` says why. */
export function lift(model: AnyModel, tables: ClassTables = classTables(model)): Lifted {
  const why = whyNotLifted(model, tables);
  if (why !== undefined) throw new RangeError(`not lifted: ${why}`);
  const { vocabulary, locality, heads } = model.config;
  const gram = gramLength(tables);
  const silenced = {
    ...tables,
    phi: tables.phi.map((phi, h) =>
      speaking(tables).includes(h) ? phi : phi.map((_, t) => (t === 0 ? 2 : 0)),
    ),
  };
  const limit = limitStates(model, silenced, undefined, gram);
  const grams = Array.from({ length: vocabulary ** gram }, (_, w) => limit.at(w, 0));
  const norms = normsOf(model);
  const sets = reachableStates(model, tables);
  const slack = slackOf(model, tables, sets, norms);
  const known =
    slack(Math.max(2, gram)) < NEGLIGIBLE ? [...grams, ...startingStates(model, tables, gram)] : undefined;
  const states = known ? statesOfList(known) : statesOfSets(sets);
  const pre = secondInputs(model, states);
  return {
    vocabulary,
    locality,
    gram,
    heads: Array.from({ length: heads }, (_, h) => liftedHead(model, h, { grams, states, norms })),
    slopes: slopesOf(
      slopeBound(model, 1, true, norms).at,
      grams.map(y => pre(y, slack(Math.max(2, gram)))),
    ),
    slack,
  };
}

/** Up to this many query grams have a slope bound of their own; more share that of the hull of their ranges. */
const MOST_SLOPES = 64;

function slopesOf(slopeAt: (pre: Interval[]) => number, pres: Interval[][]): number[] {
  if (pres.length <= MOST_SLOPES) return pres.map(slopeAt);
  const [first, ...rest] = pres as [Interval[], ...Interval[][]];
  const hull = first.map((own, i) => ({
    low: rest.reduce((least, pre) => Math.min(least, pre[i]!.low), own.low),
    high: rest.reduce((most, pre) => Math.max(most, pre[i]!.high), own.high),
  }));
  const slope = slopeAt(hull);
  return pres.map(() => slope);
}

/** Below this, states are those of the grams: what is left is less than float64 keeps of a state. */
const NEGLIGIBLE = 1e-13;

/** States of positions 1 … g − 1, whose grams are not whole: of every start of a string. */
function startingStates(model: AnyModel, tables: ClassTables, gram: number): Vector[] {
  const { vocabulary } = model.config;
  return Array.from({ length: gram - 1 }, (_, n) => n + 1).flatMap(n =>
    Array.from({ length: vocabulary ** n }, (_, start) => {
      const first = new FirstLayer(model, tables);
      for (const token of tokensOfGram(start, n, vocabulary)) first.see(token);
      return first.state();
    }),
  );
}

/** What a position's state can be: ranges of linear functions over all of them, and how far apart their images are. */
interface States {
  range(direction: Vector): Interval;
  /** At least the largest distance of two images under a matrix, of which `rows` are given. */
  diameter(rows: readonly Vector[]): number;
}

function statesOfList(list: readonly Vector[]): States {
  return {
    range(direction) {
      const products = list.map(y => dot(direction, y));
      return { low: Math.min(...products), high: Math.max(...products) };
    },
    diameter: rows => spreadOf(list.map(y => Float64Array.from(rows, row => dot(row, y)))),
  };
}

function statesOfSets(sets: readonly ReachableSet[]): States {
  const range = (direction: Vector) => rangeOf(sets, direction);
  return {
    range,
    // The diagonal of the box that images lie in.
    diameter: rows =>
      Math.hypot(
        ...rows.map(row => {
          const { low, high } = range(row);
          return high - low;
        }),
      ),
  };
}

function liftedHead(
  model: AnyModel,
  h: number,
  { grams, states, norms }: { grams: readonly Vector[]; states: States; norms: Norms },
): LiftedHead {
  const { width: d, keyWidth, attention } = model.config;
  const size = keyWidth * d;
  const [Q, K, V] = ['query', 'key', 'value'].map(name => model.tensors[`layer.1.${name}`]!);
  const queries = grams.map(y => {
    const query = multiply(Q!, y, keyWidth, h * size);
    const direction = multiplyTransposed(K!, query, d, h * size).map(x => attention.scale * x);
    return {
      logits: Float64Array.from(grams, key => dot(direction, key)),
      highest: states.range(direction).high,
      steepness: Math.hypot(...direction),
    };
  });
  const Qh = mapOf(model, 'layer.1.query', keyWidth, h);
  const Kh = mapOf(model, 'layer.1.key', keyWidth, h);
  // s Qᵀ K, a row a coordinate of the query's state.
  const behind = Array.from({ length: d }, (_, i) =>
    Kh.applyTransposed(
      Float64Array.from({ length: keyWidth }, (__, k) => attention.scale * Qh.data[k * d + i]!),
    ),
  );
  const values = Array.from({ length: d }, (_, i) =>
    Float64Array.from(V!.subarray((h * d + i) * d, (h * d + i + 1) * d)),
  );
  return {
    phi: suffixBiases(model)[1]![h]!,
    queries,
    spread: states.diameter(values),
    norm: norms.layers[1]!.V[h]!,
    keySpread: states.diameter(behind),
  };
}

/** Ranges of the inputs of layer 2's MLP where a query's state is within a distance of y. */
function secondInputs(model: AnyModel, states: States): (y: Vector, distance: number) => Interval[] {
  const { mlpWidth: m, width: d, heads } = model.config;
  if (m === 0) return () => [];
  const [A, bias] = [model.tensors['layer.1.mlp_in']!, model.tensors['layer.1.mlp_bias']!];
  const rows = Array.from({ length: m }, (_, i) => {
    const row = Float64Array.from(A.subarray(i * d, (i + 1) * d));
    const others = Array.from({ length: heads }, (__, h) =>
      states.range(mapOf(model, 'layer.1.value', d, h).applyTransposed(row)),
    );
    return {
      row,
      size: Math.hypot(...row),
      low: bias[i]! + sum(others.map(({ low }) => low)),
      high: bias[i]! + sum(others.map(({ high }) => high)),
    };
  });
  return (y, distance) =>
    rows.map(({ row, size, low, high }) => {
      const own = dot(row, y);
      return { low: low + own - size * distance, high: high + own + size * distance };
    });
}

/** d(j). */
function slackOf(
  model: AnyModel,
  tables: ClassTables,
  sets: readonly ReachableSet[],
  norms: Norms,
): Lifted['slack'] {
  const slopeOne = slopeBound(model, 0, false, norms).at;
  const steepest = Math.max(...sets.map(({ pre }) => slopeOne(pre)));
  const heads = speaking(tables).map(h => {
    const phi = tables.phi[h]!;
    const { offsets } = settledOf(phi);
    const top = phi[offsets[0]!]!;
    // Logits of a query against itself at offset 0, against any token elsewhere.
    const perQuery = tables.logits[h]!.map((content, query) => {
      const [low, high] = [Math.min(...content), Math.max(...content)];
      const met = (t: number) => (t === 0 ? { low: content[query]!, high: content[query]! } : { low, high });
      return {
        body: high,
        others: Array.from(phi, (bias, t) => ({ bias, high: met(t).high })).filter(
          (_, t) => !offsets.includes(t),
        ),
        settled: sum(offsets.map(t => Math.exp(met(t).low - high))),
      };
    });
    return {
      spread: spreadOf(tables.values[h]!),
      off(log: number) {
        const odds = perQuery.map(
          ({ body, others, settled }) =>
            (Math.exp((1 - top) * log) +
              sum(others.map(({ bias, high }) => Math.exp((bias - top) * log + high - body)))) /
            settled,
        );
        const most = Math.max(...odds);
        return most === Infinity ? 1 : most / (1 + most);
      },
    };
  });
  // The first position has nothing but itself.
  return position =>
    position <= 1 ? 0 : steepest * sum(heads.map(({ spread, off }) => spread * off(Math.log(position))));
}
