import { gramOverhead } from '../simulation/gram-short.ts';
import { ONE } from '../tasks/laws/law.ts';
import type { TokenSource } from '../tasks/laws/registry.ts';
import { solve } from './certificate.ts';
import { sum } from './complexity.ts';
import type { Lifted, LiftedHead, LiftedQuery } from './lifted.ts';

/*
 * Certificates A and B for two layers [ours]: how far f(x) is from f(z), z the short string of x's grams (simulation/gram-short.ts), for a
 * model that can be lifted (lifted.ts). Statement and proof in docs/theory.md §13, "Certificate A: every string" and "Certificate B: on
 * average", whose notation the code has.
 */

/** A bound on the error by the short string's length, for what it promises. */
export interface TwoLayerCertificate {
  /** Bound on ‖f(x) − f(z)‖, |z| ≤ M: for every x, T > M (A); in the mean over the last tokens, T → ∞ (B). */
  errorAt(length: number): number;
  /** log10 of the least N that suffices for ε. Null: for no N. */
  log10Length(epsilon: number): number | null;
}

export interface TwoLayerCertificates {
  /** A: for every string. */
  everyString: TwoLayerCertificate;
  /** B: in the mean over the last tokens, under every ergodic law. */
  average: TwoLayerCertificate;
  /** B under a prior: in the mean over its laws and the last tokens. */
  averageOfLaw: TwoLayerCertificate;
  /** The bound in the mean over the last tokens, T → ∞, under one law, from its gram frequencies [S^g]: what B is a bound of. */
  errorUnder(frequencies: ArrayLike<number>, length: number): number;
}

/**
 * Order of the token laws of a source, where B can be averaged over them: Dirichlet rows with Sα ≥ 1, or uniform tokens. Undefined where
 * not.
 */
export function averagedOrder({ law, vocabulary, alphaThousandths, order }: TokenSource): number | undefined {
  if (law === 'uniform-iid') return 0;
  if (vocabulary * alphaThousandths < ONE) return undefined;
  return law === 'dirichlet-markov' ? order : 0;
}

/** Certificates A and B of a lifted model. `order`: of the laws that B under a prior averages over; without, it is B. */
export function twoLayerCertificates(lifted: Lifted, order?: number): TwoLayerCertificates {
  const heads = lifted.heads.map(head => headBounds(lifted, head, order));
  const overhead = gramOverhead(lifted);
  const steepest = Math.max(...lifted.slopes);
  /** What the query's own slack does. */
  const queryError = (length: number) => {
    const moved = lifted.slack(Math.max(2, length));
    return (
      steepest * (moved + sum(lifted.heads.map(({ spread, keySpread }) => (spread * keySpread * moved) / 4)))
    );
  };
  const certificate = (kappa: number, core: (length: number) => number): TwoLayerCertificate => {
    const errorAt = (length: number) =>
      length < overhead + 1 ? Infinity : kappa * queryError(length) + core(length);
    return { errorAt, log10Length: epsilon => solve(errorAt, overhead + 1, 1, epsilon) };
  };
  return {
    everyString: certificate(2, length => {
      const moved = heads.map(({ spread, everyString }) => ({ spread, at: everyString(length) }));
      const errors = lifted.slopes.map(
        (slope, q) => slope * sum(moved.map(({ spread, at }) => spread * at(q))),
      );
      return Math.max(...errors);
    }),
    average: certificate(1, length =>
      sum(heads.map(({ spread, average }) => spread * average(length, false))),
    ),
    averageOfLaw: certificate(1, length =>
      sum(heads.map(({ spread, average }) => spread * average(length, true))),
    ),
    errorUnder(frequencies, length) {
      if (length < overhead + 1) return Infinity;
      const moved = heads.map(({ spread, under }) => ({ spread, at: under(frequencies, length) }));
      const errors = lifted.slopes.map(
        (slope, q) => frequencies[q]! * slope * sum(moved.map(({ spread, at }) => spread * at(q))),
      );
      return queryError(length) + sum(errors);
    },
  };
}

/** e^x, capped where it would overflow: far above what any length divides away. */
const exp = (x: number) => Math.exp(Math.min(700, x));

/** Bounds of one head. */
interface HeadBounds {
  spread: number;
  /** On min(1, TV), by query gram. */
  everyString(length: number): (query: number) => number;
  /** On min(1, TV) under one law, by query gram. */
  under(frequencies: ArrayLike<number>, length: number): (query: number) => number;
  /** On the mean of J_2 min(1, TV), over the prior's laws too, or under every law. */
  average(length: number, overLaws: boolean): number;
}

function headBounds(lifted: Lifted, head: LiftedHead, order: number | undefined): HeadBounds {
  const { gram, locality, slopes } = lifted;
  const { queries, spread, phi } = head;
  const tops = queries.map(({ logits }) => Math.max(...logits));
  const lows = queries.map(({ logits }) => Math.min(...logits));
  const sizes = queries.map(({ logits }, q) => 2 * sum(Array.from(logits, l => exp(l - tops[q]!))));
  const above = queries.map(({ highest }, q) => exp(Math.max(0, highest - tops[q]!)));
  const overhead = gramOverhead(lifted);
  const slackSum = slackSums(lifted, head, Math.max(...above));
  const steepest = Math.max(...slopes);
  const top = Math.max(...phi);
  if (top > 1) {
    const settled = (q: number, length: number) => {
      const moved = lifted.slack(Math.max(2, length - locality));
      const tilt = queries[q]!.steepness * moved;
      const others = [1, ...[...phi].filter(bias => bias < top)].map(bias => length ** (bias - top));
      const odds = exp(tops[q]! - lows[q]! + tilt) * above[q]! * sum(others);
      return Math.min(1, odds / (1 + odds) + tilt + (spread === 0 ? 0 : (2 * head.norm * moved) / spread));
    };
    return {
      spread,
      everyString: length => q => settled(q, length),
      under: (_, length) => q => settled(q, length),
      average: length => steepest * Math.max(...queries.map((_, q) => settled(q, length))),
    };
  }
  /** Weights that differ, over e^{ℓ⁺} n, by query gram. */
  const differences = (length: number, sides: number) => {
    const n = length - overhead;
    const late = sides * slackSum.at(Math.max(2, length - locality));
    const suffix = sum(
      [...phi].map(bias => (bias < 1 ? length ** bias * (1 + late) : length - n + length * late)),
    );
    const shared = suffix + sides * slackSum.upTo(length);
    return (q: number) => (sizes[q]! + sides * (gram - 1) * above[q]! + shared) / n;
  };
  const perQuery = queries.map((query, q) => ({ ...query, top: tops[q]! }));
  const matches = matchesOf(lifted, perQuery);
  const ofLaws = order === undefined ? [] : lawMatchesOf(lifted, perQuery, order);
  return {
    spread,
    everyString(length) {
      const closing = 1 - (gram - 1) / (length - locality - 1);
      const difference = differences(length, 2);
      return q => Math.min(1, (difference(q) * exp(tops[q]! - lows[q]!)) / closing);
    },
    under(frequencies, length) {
      const difference = differences(length, 1);
      return q => {
        const Z = sum(Array.from(queries[q]!.logits, (logit, v) => frequencies[v]! * exp(logit - tops[q]!)));
        return Math.min(1, difference(q) / Z);
      };
    },
    average(length, overLaws) {
      const difference = differences(length, 1);
      const own = slopes.map((slope, q) => slope * difference(q));
      return Math.min(
        steepest,
        ...matches.map(match => match(own)),
        ...(overLaws ? ofLaws.map(match => match(own)) : []),
      );
    },
  };
}

/**
 * The ways to match: each takes a(q) e^{−ℓ⁺(q)} and returns Σ_c max_q a(q) e^{−min ℓ_v(q)}.
 */
function matchesOf(
  { vocabulary: S, gram }: Lifted,
  queries: readonly (LiftedQuery & { top: number })[],
): ((own: number[]) => number)[] {
  const ways = [0, 1].flatMap(offset =>
    Array.from({ length: gram + 1 - offset }, (_, i) => ({ offset, i })).filter(
      ({ offset, i }) => i > 0 || offset === 0,
    ),
  );
  return ways.map(({ offset, i }) => {
    const asked = (q: number) => q % S ** i;
    const matched = (v: number) => Math.floor(v / S ** offset) % S ** i;
    const factors = queries.map(({ logits, top }, q) => {
      let least = Infinity;
      logits.forEach((logit, v) => {
        if (matched(v) === asked(q) && logit < least) least = logit;
      });
      return exp(top - least);
    });
    return own => {
      const most = new Float64Array(S ** i);
      own.forEach((a, q) => {
        most[asked(q)] = Math.max(most[asked(q)]!, a * factors[q]!);
      });
      return sum([...most]);
    };
  });
}

/** The same for laws with Dirichlet rows: each takes a(q) e^{−ℓ⁺(q)} and returns Σ_c Π_s u_s^{−1/S}. */
function lawMatchesOf(
  { vocabulary: S, gram }: Lifted,
  queries: readonly (LiftedQuery & { top: number })[],
  order: number,
): ((own: number[]) => number)[] {
  const lengths = Array.from({ length: gram }, (_, i) => i).filter(i => i >= order);
  return lengths.map(i => {
    /** ℓ⁺(q) − min_{older} ℓ_v(q), by query and last token of v. */
    const below = queries.map(({ logits, top }, q) => {
      const most = new Float64Array(S);
      logits.forEach((logit, v) => {
        if (Math.floor(v / S) % S ** i === q % S ** i) most[v % S] = Math.max(most[v % S]!, top - logit);
      });
      return most;
    });
    return own => {
      const logs = Array.from({ length: S ** i }, () => new Float64Array(S).fill(-Infinity));
      own.forEach((a, q) => {
        const row = logs[q % S ** i]!;
        below[q]!.forEach((log, s) => {
          row[s] = Math.max(row[s]!, Math.log(a) + log);
        });
      });
      return sum(logs.map(row => exp(sum([...row]) / S)));
    };
  });
}

/** Each block of positions is bounded by its first: this is the ratio of their ends. */
const BLOCK = 1.02;

/** P(M) of a head, blocks of positions at a time. */
function slackSums({ slack, gram }: Lifted, { queries, norm, spread }: LiftedHead, above: number) {
  const steepness = Math.max(...queries.map(query => query.steepness));
  const at = (position: number) => {
    const d = slack(position);
    const weight = Math.min(above, Math.expm1(steepness * d));
    return weight + (spread === 0 ? 0 : Math.min(1, (norm * d) / spread));
  };
  /** [first position, its bound, sum before it] */
  const blocks: [number, number, number][] = [[gram, at(gram), 0]];
  const upTo = (length: number) => {
    for (;;) {
      const [first, bound, before] = blocks.at(-1)!;
      if (first > length) break;
      const next = Math.max(first + 1, Math.floor(first * BLOCK));
      blocks.push([next, at(next), before + (next - first) * bound]);
    }
    let [low, high] = [0, blocks.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (blocks[middle]![0] <= length) low = middle;
      else high = middle - 1;
    }
    const [first, bound, before] = blocks[low]!;
    return before + (length - first + 1) * bound;
  };
  /** What position j adds, over e^{ℓ⁺}; and the sum of it. */
  return { at, upTo };
}
