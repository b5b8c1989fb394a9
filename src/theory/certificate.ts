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
 * A training length for one-layer models in which no constant is hidden [ours]: statement and proof in docs/theory.md §7, whose notation
 * the code has. z is the deterministic short string of x (simulation/deterministic.ts); each head goes from z to x in three steps, "Step 1:
 * rounding", "Step 2: shares" and "Step 3: the suffix", bounded over cells of bodies (cell-bound.ts, body-cells.ts), the worst cut first.
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
  const lengths = new Map<number, number | null>();
  return {
    errorAt,
    // The bound and the chain ask for the same.
    log10Length(epsilon) {
      if (!lengths.has(epsilon)) lengths.set(epsilon, solve(errors(epsilon), shortest, period, epsilon));
      return lengths.get(epsilon)!;
    },
    note,
  };
}

interface ErrorBound {
  /**
   * Bounds on the error for z of a length and more, in a search for one that is at most `enough`: no length is asked for below one that was
   * too short.
   */
  errors(enough: number): (length: number) => number;
  note: string;
}

/** Cells that are cut no further. */
const MOST_CELLS = 32;

/**
 * Branch and bound over cells of bodies: the worst is cut while cells are few and it matters. A cell whose error is small enough at one
 * length is so at all longer ones, and is not looked at again.
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
 * Finite precision: from 2^{p/γ} on, γ the attainable logit margin, attention is uniform over the argmax set on x and on z alike. Where
 * every set of tied logits that can be the largest is one class, f(x) = f(z); where it is all tokens of some residues, the largest
 * remainder's error is left; else there is no bound. Ties of a gap g > 0 weigh between T^−g and 1: an exponential family whose total
 * variation from the uniform law is at most g log(T) / 4, once for x and once for z.
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
