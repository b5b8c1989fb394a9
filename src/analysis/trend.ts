import normalCdf from '@stdlib/stats-base-dists-normal-cdf';
import { leastOf, mostOf } from '../shared/extremes.ts';
import { meanOf } from './statistics.ts';

/*
 * Page's test for ordered alternatives (E. B. Page, "Ordered hypotheses for multiple treatments", JASA 58, 1963), L = Σ_j j · R_j of the
 * ranks of k treatments, by exact permutation. A block is what is independent of all others: one row of k values, or several rows that
 * share their random numbers. The treatments of a block are permuted together, in all of its rows, so rows that depend on each other are
 * never taken for independent ones: their ranks are summed, ties sharing theirs, and the law of Σ_j j · (summed rank)_j over the k! orders
 * is convolved over the blocks.
 */

/** Rows of one value a treatment, in the treatments' order, that are permuted together. */
export type Block = readonly (readonly number[])[];

/** What the trend test says. */
export interface Trend {
  /** Page's L, over all rows. */
  L: number;
  /** (L − E L) / (max L − E L): 1 when every row rises throughout, 0 without a trend, −1 when every row falls. */
  strength: number;
  /** One-sided, that the values rise. */
  pValue: number;
  /** The smallest p that so many blocks of so many treatments can give: (1/k!)^blocks. */
  pFloor: number;
}

/** Additions that an exact p-value may take: the normal law stands in beyond, where blocks and treatments are many. */
const MOST_WORK = 2e8;

/**
 * Tests whether values rise over the treatments. Every row has the same number of treatments. Needs a block with a row, and two treatments.
 */
export function pageTrend(blocks: readonly Block[]): Trend {
  const k = blocks[0]![0]!.length;
  const sums = blocks.map(summedRanks);
  const L = sums.reduce((total, own) => total + scoreOf(own), 0);
  const pFloor = pageFloor(blocks.length, k);
  return {
    L,
    strength: strengthOf(blocks.map(scoreOfBlock), k),
    pValue: workOf(blocks, k) <= MOST_WORK ? exactP(sums, L) : Math.max(pFloor, normalP(sums, L)),
    pFloor,
  };
}

/** About how many additions the exact law takes: of each block over the sets of its treatments, then of all of them together. */
function workOf(blocks: readonly Block[], k: number): number {
  const width = mostOf(blocks.map(({ length }) => length)) * ((k ** 3 - k) / 3);
  return blocks.length * k * 2 ** k * width + (blocks.length * width) ** 2 / 2;
}

/** The smallest p-value that Page's test can give. */
function pageFloor(blocks: number, treatments: number): number {
  return factorial(treatments) ** -blocks;
}

/** Blocks that it takes for a p-value of `level`. */
export function blocksFor(level: number, treatments: number): number {
  return Math.max(1, Math.ceil(-Math.log(level) / Math.log(factorial(treatments))));
}

function factorial(k: number): number {
  return k <= 1 ? 1 : k * factorial(k - 1);
}

/** A block's part of L, and how many rows it has. */
export interface Score {
  score: number;
  rows: number;
}

export function scoreOfBlock(block: Block): Score {
  return { score: scoreOf(summedRanks(block)), rows: block.length };
}

/** The strength of a trend of blocks with these scores, k treatments each. */
export function strengthOf(scores: readonly Score[], k: number): number {
  const L = scores.reduce((sum, { score }) => sum + score, 0);
  const rows = scores.reduce((sum, own) => sum + own.rows, 0);
  const expected = (rows * k * (k + 1) ** 2) / 4;
  const most = (rows * k * (k + 1) * (2 * k + 1)) / 6;
  return (L - expected) / (most - expected);
}

/** Ranks of a block's treatments, summed over its rows [k]. */
function summedRanks(block: Block): number[] {
  const ranks = block.map(ranksOf);
  return ranks[0]!.map((_, j) => ranks.reduce((sum, row) => sum + row[j]!, 0));
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

/** P(L ≥ observed) over all permutations within blocks. Scores are halves of whole numbers: laws are arrays over twice the score. */
function exactP(sums: readonly number[][], observed: number): number {
  const laws = new Map<string, Law>();
  let total: Law = { first: 0, masses: Float64Array.of(1) };
  for (const ranks of sums) {
    const key = [...ranks].sort((a, b) => a - b).join();
    const own = laws.get(key) ?? dense(lawOfScores(ranks));
    laws.set(key, own);
    total = convolved(total, own);
  }
  // From the top, so that small tails are summed first.
  const from = Math.max(0, Math.round(2 * observed) - total.first);
  let p = 0;
  for (let i = total.masses.length - 1; i >= from; i--) p += total.masses[i]!;
  return Math.min(1, p);
}

/** Masses of whole numbers from `first` on. */
interface Law {
  first: number;
  masses: Float64Array;
}

function dense(law: ReadonlyMap<number, number>): Law {
  const [first, last] = [leastOf(law.keys()), mostOf(law.keys())];
  const masses = new Float64Array(last - first + 1);
  for (const [value, mass] of law) masses[value - first] = mass;
  return { first, masses };
}

function convolved(a: Law, b: Law): Law {
  const masses = new Float64Array(a.masses.length + b.masses.length - 1);
  b.masses.forEach((q, j) => {
    if (q > 0) for (let i = 0; i < a.masses.length; i++) masses[i + j]! += a.masses[i]! * q;
  });
  return { first: a.first + b.first, masses };
}

/** Law of twice a block's score over the permutations of its summed ranks. */
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

/** The same by the normal law: the permutations of a block give Σ_j j · R_j the variance Σ (j − j̄)² Σ (R − R̄)² / (k − 1). */
function normalP(sums: readonly number[][], L: number): number {
  const k = sums[0]!.length;
  const places = (k * (k * k - 1)) / 12;
  let [expected, variance] = [0, 0];
  for (const ranks of sums) {
    const mean = meanOf(ranks);
    expected += (mean * k * (k + 1)) / 2;
    variance += (places * ranks.reduce((sum, rank) => sum + (rank - mean) ** 2, 0)) / (k - 1);
  }
  // The lower tail of the negative, not 1 less that of L: the difference is 0 beyond 8 deviations.
  return variance === 0 ? 1 : normalCdf((expected - L) / Math.sqrt(variance), 0, 1);
}
