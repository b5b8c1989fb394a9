import normalCdf from '@stdlib/stats-base-dists-normal-cdf';

/*
 * Page's test for ordered alternatives (E. B. Page, "Ordered hypotheses for multiple treatments", JASA 58, 1963): within each block (a seed under
 * one setting) the k treatments are ranked, L = Σ_j j · R_j. The p-value is exact: the permutation law of each block's own ranks, ties
 * included, convolved over the blocks.
 */

/** What the trend test says. */
export interface Trend {
  /** Page's L. */
  L: number;
  /** (L − E L) / (max L − E L): 1 when every block rises throughout, 0 without a trend, −1 when every block falls. */
  strength: number;
  /** One-sided, that the values rise. */
  pValue: number;
  blocks: number;
  treatments: number;
}

/** Treatments up to which a block's permutations are listed; the normal law stands in beyond. */
const MOST_LISTED = 8;

/** Blocks up to which their laws are convolved; beyond, their sum is as good as normal. */
const MOST_EXACT = 1000;

/** Tests whether values rise over the treatments. Every block has the same number of treatments, in order. Needs a block and two treatments. */
export function pageTrend(blocks: readonly (readonly number[])[]): Trend {
  const k = blocks[0]!.length;
  const ranks = blocks.map(ranksOf);
  const L = ranks.reduce((sum, own) => sum + scoreOf(own), 0);
  const expected = expectedL(blocks.length, k);
  return {
    L,
    strength: strengthOf(ranks.map(scoreOf), k),
    pValue:
      k <= MOST_LISTED && blocks.length <= MOST_EXACT
        ? exactP(ranks, L)
        : normalP(blocks.length, k, L, expected),
    blocks: blocks.length,
    treatments: k,
  };
}

/** Each block's own score, of which L is the sum. */
export function blockScores(blocks: readonly (readonly number[])[]): number[] {
  return blocks.map(block => scoreOf(ranksOf(block)));
}

/** The strength of a trend of blocks with these scores, k treatments each. */
export function strengthOf(scores: readonly number[], k: number): number {
  const L = scores.reduce((sum, score) => sum + score, 0);
  const expected = expectedL(scores.length, k);
  const most = (scores.length * k * (k + 1) * (2 * k + 1)) / 6;
  return (L - expected) / (most - expected);
}

function expectedL(blocks: number, k: number): number {
  return (blocks * k * (k + 1) ** 2) / 4;
}

/** Ranks from 1, ties sharing their mean. */
export function ranksOf(values: readonly number[]): number[] {
  return values.map(value => {
    const below = values.filter(other => other < value).length;
    const same = values.filter(other => other === value).length;
    return below + (same + 1) / 2;
  });
}

function scoreOf(ranks: readonly number[]): number {
  return ranks.reduce((sum, rank, j) => sum + (j + 1) * rank, 0);
}

/** P(L ≥ observed) over all permutations within blocks. Scores are halves of whole numbers. */
function exactP(ranks: readonly number[][], observed: number): number {
  const laws = new Map<string, Map<number, number>>();
  let law = new Map([[0, 1]]);
  for (const block of ranks) {
    const key = [...block].sort((a, b) => a - b).join();
    const own = laws.get(key) ?? lawOfScores(block);
    laws.set(key, own);
    const next = new Map<number, number>();
    for (const [a, p] of law) for (const [b, q] of own) next.set(a + b, (next.get(a + b) ?? 0) + p * q);
    law = next;
  }
  let p = 0;
  for (const [doubled, probability] of law) if (doubled >= 2 * observed - 1e-6) p += probability;
  return Math.min(1, p);
}

/** Law of twice a block's score over the permutations of its ranks. */
function lawOfScores(ranks: readonly number[]): Map<number, number> {
  let states = new Map<string, { rest: number[]; sums: Map<number, number> }>();
  states.set('', { rest: [...ranks].sort((a, b) => a - b), sums: new Map([[0, 1]]) });
  // One place after another; orders that leave the same ranks over are one state.
  for (let place = 1; place <= ranks.length; place++) {
    const next = new Map<string, { rest: number[]; sums: Map<number, number> }>();
    for (const { rest, sums } of states.values()) {
      rest.forEach((rank, i) => {
        const left = rest.filter((_, other) => other !== i);
        const key = left.join();
        const state = next.get(key) ?? { rest: left, sums: new Map<number, number>() };
        for (const [sum, p] of sums) {
          const at = sum + 2 * place * rank;
          state.sums.set(at, (state.sums.get(at) ?? 0) + p / rest.length);
        }
        next.set(key, state);
      });
    }
    states = next;
  }
  return [...states.values()][0]!.sums;
}

function normalP(blocks: number, k: number, L: number, expected: number): number {
  const variance = (blocks * k ** 2 * (k + 1) * (k ** 2 - 1)) / 144;
  return 1 - normalCdf((L - expected) / Math.sqrt(variance), 0, 1);
}
