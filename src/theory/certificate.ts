import type { ClassTables } from '../model/first-layer.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { BodyCells } from './body-cells.ts';
import { CellBound } from './cell-bound.ts';
import { sum } from './complexity.ts';
import { bitsOf, hasFinitePrecision, isDefined } from './defined.ts';
import {
  attainableLogitMargin,
  forEachQuery,
  largestTie,
  leastLargest,
  levelsOf,
  type MetLogit,
} from './margins.ts';
import { contentRange, spreadOf } from './range.ts';
import { reachableStates } from './reachable.ts';
import { steepestSlopes } from './slope-bound.ts';

/*
 * A training length for one-layer models in which no constant is hidden [ours] (theory.md §§7, 13). Proof, in infinite precision.
 *
 * z is the deterministic short string of simulation/deterministic.ts: |z| = M ≡ T (mod Δ), the same τ-suffix as x, and in each residue class the
 * tokens of x in proportion, by largest remainder. What lies before the suffix is the *body*: M_b = M − τ − 1 positions of z, T_b = T − τ − 1 of x.
 * Both have the same query q, and f(x) = G(Y), G(Y) = U (Y + B ψ(A Y + b)), Y = y_q + Σ_h O_h, with
 *
 *     O_h = W / Z,    Z = Σ_r θ_r Σ_s p_rs e_rs + Σ_t g_t u_t,    W the same sums with each weight times its value V_h y
 *
 * θ_r: the residue's share of the body; p_r: token frequencies in it; e = e^c of a class; u_t: the same at offset t; g_t = T^(φ_t − 1) T / T_b. G is
 * as steep as its slopes on the straight way from Y(z) to Y(x): G(Y(x)) − G(Y(z)) = J (Y(x) − Y(z)), J = U (I + B D A), each entry of the diagonal D
 * a mean of ψ' over that neuron's inputs on the way. With D̄ ± R the interval of those slopes (`CellBound.inputs`), for every vector v
 *
 *     ‖J v‖ ≤ ‖U v + U B D̄ A v‖ + Σ_i R_i ‖U B_i‖ |A_i v|  =: |v|                                              (`outputNorm`)
 *
 * So ‖f(x) − f(z)‖ ≤ Σ_h |O_h(x) − O_h(z)|, and each head goes from z to x in three steps, at fixed suffix tokens:
 *
 * 1. *Rounding*: frequencies p' of z become p of x, at θ' and M. From W/Z − W'/Z' = (ΔW − ΔZ W/Z) / Z' exactly, O − O' = (1/Z') Σ_r θ'_r Σ_s (p −
 *    p')_rs n_rs, n_c = e_c (V y_c − O). Let the fractional parts of m_r p_r (m_r slots) sum to k: the k largest are rounded up, and their mean is
 *    at least k/S, so that rounding moves at most k (1 − k/S) ≤ κ = ⌊S/2⌋⌈S/2⌉/S tokens of the residue to others: mass κ/m_r, and θ'_r = m_r / M_b.
 *    Hence |O − O'| ≤ κ/(M_b Z') Σ_r max_ab |n_ra − n_rb|; and Z' is at least what it is of p, less κ/m_r times the range of e in each residue.
 *    (`roundingError`)
 * 2. *Shares*: θ' becomes θ. With ρ = M_b mod Δ = T_b mod Δ, Δ θ'_r M_b is M_b + Δ − ρ for ρ residues and M_b − ρ for the others, the same ones for
 *    x: half the ℓ1 distance is ρ (Δ − ρ)/Δ · (1/M_b − 1/T_b) ≤ Δ/(4 M_b), and by the identity of step 1 |O − O'| ≤ Δ/(2 M_b Z) max_r |W_r − E_r O|,
 *    W_r and E_r the residue's sums. Or: logarithms of θ/θ' differ by at most log(1 + 1/⌊M_b/Δ⌋) =: σ, and weights whose logarithms change by
 *    amounts that differ by at most σ move a softmax by at most tanh(σ/4) in total variation, times the diameter. (`shareError`)
 * 3. *Suffix*: M becomes T. First T/T_b from M/M_b, which is larger, towards 1: with s the suffix's mass it moves s (1 − s)(λ − 1) at most, λ =
 *    M/M_b, or tanh(log(λ)/4). Then T^(φ − 1): an exponential family in log T with a monotone likelihood ratio, so mass moves from smaller exponents
 *    to larger ones only (the body's is 0), and never more than an atom has at M: |O − O'| ≤ Σ_a mass_a max |v_a − v_b| over the a below the largest
 *    exponent, b above a. (`suffixError`)
 *
 * Attention masses, Z, O and inputs are bounded over a *cell*: a simplex of frequencies p_r for every residue, θ_r within (1 ± (Δ − 1)/M_b)/Δ, every
 * T ≥ M (relative to T^top, weights of smaller exponents only fall). W_r − E_r v is linear in p_r, and W_r/E_r lies in the hull of what it is at the
 * vertices, so vertices are enough. Every bound holds for all longer z, too. Cells are cut in two, the worst first: branch and bound. What is given
 * away for good: heads are added up, steps are added up, and O within a cell is a point and a radius.
 */

/** What the certificate says. */
export interface Certificate {
  /** Bound on ‖f(x) − f(z)‖ for every x and its z of M tokens or more; infinite where there is none. */
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
  const shortest = locality + 1 + vocabulary * period;
  const { errors, note } = hasFinitePrecision(config.attention)
    ? hardmaxError(model, tables, steepest)
    : cellErrors(model, tables);
  const known = new Map<number, number>();
  const errorAt = (length: number) => {
    const error = known.get(length) ?? (length < shortest ? Infinity : errors(0)(length));
    known.set(length, error);
    return error;
  };
  return {
    errorAt,
    log10Length: epsilon => solve(errors(epsilon), shortest, period, epsilon),
    note,
  };
}

interface ErrorBound {
  /** Bounds on the error for z of a length and more, in a search for one that is at most `enough`: no length is asked for below one that was too short. */
  errors(enough: number): (length: number) => number;
  note: string;
}

/** Cells that are cut no further. */
const MOST_CELLS = 32;

/**
 * Branch and bound over cells of bodies: the worst is cut while cells are few and it matters. A cell whose error is small enough at one length is so at all
 * longer ones, and is not looked at again.
 */
function cellErrors(model: AnyModel, tables: ClassTables): ErrorBound {
  const widest = Math.max(
    ...tables.logits.flatMap((ofHead, h) => ofHead.map((_, q) => contentRange(tables, h, q))),
  );
  if (!(widest < MOST_RANGE))
    return { errors: () => () => Infinity, note: `none: logits range over more than ${MOST_RANGE} nats` };
  const cells = new BodyCells(model, tables);
  const bound = new CellBound(model, tables, cells);
  return {
    errors(enough) {
      let open = cells.roots;
      return length => {
        const leaves = open.map(cell => ({ cell, ...bound.at(cell, length) }));
        for (;;) {
          const worst = leaves.reduce((a, b) => (b.error > a.error ? b : a));
          const edge =
            worst.error > enough && leaves.length < MOST_CELLS
              ? cells.longestEdge(worst.cell, worst.shares)
              : undefined;
          if (!edge) {
            if (worst.error > enough)
              open = leaves.filter(({ error }) => error > enough).map(({ cell }) => cell);
            return worst.error;
          }
          const halves = cells.halves(worst.cell, edge.residue, edge.from, edge.to).map(cell => {
            const own = bound.at(cell, length);
            return { cell, ...own, error: Math.min(own.error, worst.error) };
          });
          leaves.splice(leaves.indexOf(worst), 1, ...halves);
        }
      };
    },
    note: 'for all sequences, every constant explicit',
  };
}

/** Beyond this, e^range is no number. */
const MOST_RANGE = 600;

/** Solves errorAt(M) ≤ ε for the least M, and adds Δ − 1 so that every residue of |x| finds its length. */
export function solve(
  errorAt: (length: number) => number,
  shortest: number,
  period: number,
  epsilon: number,
): number | null {
  const whole = (log10: number) => (log10 > 15 ? 10 ** log10 : Math.ceil(10 ** log10 * (1 - 1e-15)));
  let [low, high] = [Math.log10(shortest), Math.log10(shortest)];
  for (let step = 0.25; errorAt(whole(high)) > epsilon; step *= 1.5) {
    if (high === MOST_LOG10) return null;
    [low, high] = [high, Math.min(MOST_LOG10, high + step)];
  }
  while (high - low > ACCURACY && whole(high) - whole(low) > 1) {
    const middle = (low + high) / 2;
    if (errorAt(whole(middle)) <= epsilon) high = middle;
    else low = middle;
  }
  return Math.log10(whole(high) + period - 1);
}

/** How near the least length is sought, in log10. */
const ACCURACY = 1e-3;

/**
 * Finite precision: from 2^{p/γ} on, γ the attainable logit margin, attention is uniform over the argmax set on x and on z alike. Where every set of tied
 * logits that can be the largest is one class, f(x) = f(z); where it is all tokens of some residues, the largest remainder's error is left; else
 * there is no bound. Ties of a gap g > 0 weigh between T^−g and 1: an exponential family whose total variation from the uniform law is at most g log(T) / 4,
 * once for x and once for z.
 */
function hardmaxError(
  model: AnyModel,
  tables: ClassTables,
  steepest: ReadonlyMap<number, number> = steepestSlopes(model, reachableStates(model, tables)),
): ErrorBound {
  const { config } = model;
  const { attention, period, vocabulary, locality } = config;
  const bits = bitsOf(attention);
  if (bits === null) {
    return {
      errors: () => () => Infinity,
      note: 'none: without rounding, attention tends to hardmax but never is',
    };
  }
  const spreads = tables.values.map(spreadOf);
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
    errors: () => length => {
      if (Math.log2(length) < from) return Infinity;
      const perQuery = [...steepest].map(([query, slope]) => {
        const moved = spreads.map((spread, h) =>
          spread === 0 ? 0 : spread * Math.min(1, rounding.get(`${h},${query}`)!(length)),
        );
        return slope === 0 ? 0 : slope * sum(moved);
      });
      return Math.max(...perQuery);
    },
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
