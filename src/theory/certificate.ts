import type { ClassTables } from '../model/first-layer.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { logSum, sum } from './complexity.ts';
import { bitsOf, hasFinitePrecision, isDefined } from './defined.ts';
import {
  attainableLogitMargin,
  forEachQuery,
  largestTie,
  leastLargest,
  levelsOf,
  type MetLogit,
  suffixClasses,
} from './margins.ts';
import { contentRange, spreadOf } from './range.ts';
import { reachableStates } from './reachable.ts';
import { steepestSlopes } from './slope-bound.ts';

/*
 * A training length for one-layer models in which no constant is hidden [ours] (theory.md §7).
 *
 * z is the deterministic short string of simulation/deterministic.ts: |z| = M ≡ T (mod Δ), the same τ-suffix, and in each residue class the tokens
 * of x in proportion, by largest remainder, at least one of each. f(x) and f(z) have the same query, so they differ only by their
 * attention, and a head's output moves by at most spread_h · TV_h, TV_h the total variation between the two attentions by class:
 *
 *     ‖f(x) − f(z)‖ ≤ J · max_q Σ_h spread_h · min(1, e^{range_h} D(M) + off_h(M) + ¼ log(M / M_b)),    M_b = M − τ − 1
 *
 * J: slope bound of U and the MLP (slope-bound.ts). D(M) = (Δ (S − 1) + Δ/4 [Δ > 1]) / M_b bounds ½ ‖μ(x) − μ(z)‖₁: a largest remainder is off by less
 * than 1 a token, and one token of each residue is not above its share; the residues' own shares add at most Δ/4. Replacing
 * histogram weights w by w' moves a softmax by at most Σ (w − w')₊ / max(Z, Z') in total variation, hence e^{range} D.
 * off_h: as T grows from M at fixed frequencies, the body's weight grows like T and offset t's like T^{φ[t]}: an exponential family in log T, whose
 * distance from where it started grows towards the mass that was not on the largest exponent at M; off_h bounds that mass over all suffixes.
 * The last term: the body's weight is T − τ − 1, not T.
 */

/** What the certificate says. */
export interface Certificate {
  /** Bound on ‖f(x) − f(z)‖ for every x and its z of length M; infinite where there is none. Never rises with M. */
  errorAt(length: number): number;
  /** log10 of the least N for which every x has such a z, |z| ≤ N, within ε. Null: for no N. */
  log10Length(epsilon: number): number | null;
  /** Why there is none, or what it rests on. */
  note: string;
}

/** Beyond this, lengths are not looked for. */
const MOST_LOG10 = 300;

/** The certificate of a one-layer limit model; undefined for others, for which it is open (`defined.ts`). */
export function certificateOf(
  model: AnyModel,
  tables: ClassTables,
  steepest?: ReadonlyMap<number, number>,
): Certificate | undefined {
  const { config } = model;
  if (!isDefined('certificate', config)) return undefined;
  const { period, vocabulary, locality } = config;
  const slopes = steepest ?? steepestSlopes(model, reachableStates(model, tables));
  const spreads = tables.values.map(spreadOf);
  const distance = hasFinitePrecision(config.attention)
    ? finiteDistance(model, tables)
    : infiniteDistance(model, tables);
  const shortest = locality + 1 + vocabulary * period;
  const errorAt = (length: number) => {
    if (length < shortest) return Infinity;
    const perQuery = [...slopes].map(([query, slope]) => {
      const moved = spreads.map((spread, h) => (spread === 0 ? 0 : spread * distance.at(h, query, length)));
      return slope === 0 ? 0 : slope * sum(moved);
    });
    return Math.max(...perQuery);
  };
  return { errorAt, log10Length: epsilon => solve(errorAt, shortest, period, epsilon), note: distance.note };
}

/** Solves errorAt(M) ≤ ε for the least M, and adds Δ − 1 so that every residue of |x| finds its length. */
export function solve(
  errorAt: (length: number) => number,
  shortest: number,
  period: number,
  epsilon: number,
): number | null {
  if (errorAt(10 ** MOST_LOG10) > epsilon) return null;
  let [low, high] = [Math.log10(shortest), MOST_LOG10];
  if (errorAt(shortest) <= epsilon) high = low;
  while (high - low > 1e-13 * high) {
    const middle = (low + high) / 2;
    if (errorAt(10 ** middle) <= epsilon) high = middle;
    else low = middle;
  }
  if (high > 15) return high;
  // The powers are rounded: settle on the whole number itself.
  let length = Math.round(10 ** high);
  while (errorAt(length) > epsilon) length++;
  while (length > shortest && errorAt(length - 1) <= epsilon) length--;
  return Math.log10(length + period - 1);
}

interface Distance {
  /** Bound on the total variation between the attentions of head `h` on x and z, |z| = `length`. */
  at(h: number, query: number, length: number): number;
  note: string;
}

function infiniteDistance({ config }: AnyModel, tables: ClassTables): Distance {
  const { period, vocabulary, locality } = config;
  const rounding = period * (vocabulary - 1) + (period > 1 ? period / 4 : 0);
  const logits = tables.logits.map((perQuery, h) =>
    perQuery.map((content, query) => ({
      range: contentRange(tables, h, query),
      body: { lowest: Math.min(...content), highest: Math.max(...content) },
      suffix: Array.from({ length: locality + 1 }, (_, t) => {
        const met = suffixClasses(query, t, config).map(c => content[c]!);
        return { lowest: Math.min(...met), highest: Math.max(...met) };
      }),
    })),
  );
  return {
    note: 'for all sequences, every constant explicit',
    at(h, query, length) {
      const { range, body, suffix } = logits[h]![query]!;
      const phi = tables.phi[h]!;
      const free = length - locality - 1;
      const top = Math.max(1, ...phi);
      const log = Math.log(length);
      const [on, off]: [number[], number[]] = [[], []];
      if (top === 1) on.push(Math.log(free) + body.lowest);
      else off.push(log + body.highest);
      suffix.forEach(({ lowest, highest }, t) => {
        if (phi[t] === top) on.push(log * phi[t]! + lowest);
        else off.push(log * phi[t]! + highest);
      });
      const odds = off.length === 0 ? 0 : Math.exp(logSum(off) - logSum(on));
      const share = odds === Infinity ? 1 : odds / (1 + odds);
      return Math.min(1, (Math.exp(range) * rounding) / free + share + Math.log(length / free) / 4);
    },
  };
}

/**
 * Finite precision: from 2^{p/γ} on, γ the attainable logit margin, attention is uniform over the argmax set on x and on z alike. Where every set of tied
 * logits that can be the largest is one class, f(x) = f(z); where it is all tokens of some residues, the largest remainder's error is left; else
 * there is no bound. Ties of a gap g > 0 weigh between T^−g and 1: an exponential family whose total variation from the uniform law is at most g log(T) / 4,
 * once for x and once for z.
 */
function finiteDistance({ config }: AnyModel, tables: ClassTables): Distance {
  const { attention, period, vocabulary, locality } = config;
  const bits = bitsOf(attention);
  if (bits === null) {
    return { at: () => Infinity, note: 'none: without rounding, attention tends to hardmax but never is' };
  }
  const from = bits / attainableLogitMargin(config, tables);
  const tie = largestTie(config, tables);
  const split = (tie * MOST_LOG10 * Math.LN10) / 2;
  const rounding = new Map<string, (length: number) => number>();
  let mixed = false;
  forEachQuery(config, tables, (met, h, query) => {
    const floor = leastLargest(met, config);
    const largest = levelsOf(met).filter(level => level.at(-1)!.logit >= floor);
    const bounds = largest.map(level => levelDistance(level, { period, vocabulary, locality }));
    mixed ||= bounds.includes(undefined);
    rounding.set(
      `${h},${query}`,
      length => split + Math.max(...bounds.map(bound => bound?.(length) ?? Infinity)),
    );
  });
  return {
    note: mixed
      ? 'none: some logits tie that do not fill a residue class, so rare tokens can share the argmax'
      : `for all sequences${tie > 0 ? ` of T ≤ 10^${MOST_LOG10}, to which gaps of ${tie.toExponential(1)} are ties,` : ','} from |z| = 2^(p/γ) = 10^${(from * Math.log10(2)).toFixed(1)} on, γ the attainable logit margin`,
    at: (h, query, length) =>
      Math.log2(length) < from ? Infinity : Math.min(1, rounding.get(`${h},${query}`)!(length)),
  };
}

function levelDistance(
  level: MetLogit[],
  { period, vocabulary, locality }: { period: number; vocabulary: number; locality: number },
): ((length: number) => number) | undefined {
  const classes = new Set(level.map(({ keyClass }) => keyClass));
  const body = new Set(level.filter(({ offset }) => offset === null).map(({ keyClass }) => keyClass));
  if (classes.size === 1 || body.size === 0) return () => 0;
  const residues = new Set([...body].map(c => c % period));
  if (body.size !== residues.size * vocabulary) return undefined;
  const extra = level.filter(({ offset }) => offset !== null).length;
  const rounding = residues.size * (vocabulary - 1) + (period > 1 ? period / 4 : 0) + extra;
  return length => rounding / (residues.size * Math.floor((length - locality - 1) / period));
}
