import { describe, expect, test } from 'vitest';
import { blocksFor, pageTrend as blockTrend, ranksOf } from '../../../src/analysis/trend.ts';
import { below, WordStream } from '../../../src/shared/random.ts';
import { normals } from '../../support/noise.ts';

/** The trend of blocks of one row. */
const pageTrend = (rows: readonly number[][]) => blockTrend(rows.map(row => [row]));

/** All orders of 1 … k. */
function orders(k: number): number[][] {
  if (k === 0) return [[]];
  return orders(k - 1).flatMap(order =>
    Array.from({ length: k }, (_, i) => [...order.slice(0, i), k, ...order.slice(i)]),
  );
}

/** Blocks whose L is as wanted: found by walking, since only L decides the p-value. */
function blocksWith(L: number, blocks: number, k: number): number[][] {
  const all = orders(k);
  const score = (order: number[]) => order.reduce((sum, rank, j) => sum + (j + 1) * rank, 0);
  const stream = new WordStream(L, blocks, k);
  for (;;) {
    const drawn = Array.from({ length: blocks - 1 }, () => all[below(stream.next(), all.length)]!);
    const rest = L - drawn.reduce((sum, order) => sum + score(order), 0);
    const last = all.find(order => score(order) === rest);
    if (last) return [...drawn, last];
  }
}

describe('Page’s test against published values', () => {
  // E. B. Page, JASA 58 (1963), table 2: the least L that is significant at .05, .01 and .001, by blocks and treatments.
  test.each([
    { k: 3, blocks: 3, critical: [41, 42] },
    { k: 3, blocks: 4, critical: [54, 55, 56] },
    { k: 3, blocks: 5, critical: [66, 68, 70] },
    { k: 4, blocks: 3, critical: [84, 87, 89] },
    { k: 4, blocks: 4, critical: [111, 114, 117] },
    { k: 5, blocks: 2, critical: [103, 106, 109] },
    { k: 5, blocks: 3, critical: [150, 155, 160] },
  ])('critical values for $k treatments in $blocks blocks', ({ k, blocks, critical }) => {
    critical.forEach((L, i) => {
      const level = [0.05, 0.01, 0.001][i]!;
      expect(pageTrend(blocksWith(L, blocks, k)).pValue).toBeLessThanOrEqual(level);
      expect(pageTrend(blocksWith(L - 1, blocks, k)).pValue).toBeGreaterThan(level);
    });
  });

  test('breaking strength of cotton (Hollander and Wolfe, example 7.2): L = 158', () => {
    const { L, strength, pValue, pFloor } = pageTrend([
      [7.46, 7.17, 7.76, 8.14, 7.63],
      [7.68, 7.57, 7.73, 8.15, 8.0],
      [7.21, 7.8, 7.74, 7.87, 7.93],
    ]);
    expect(L).toBe(158);
    expect(pFloor).toBeCloseTo((1 / 120) ** 3, 12);
    expect(strength).toBeCloseTo((158 - 135) / (165 - 135), 12);
    // Between the critical values at .01 and .001.
    expect(pValue).toBeGreaterThan(0.001);
    expect(pValue).toBeLessThan(0.01);
  });

  test('the statistic with ties: SciPy’s example of tutorials and lectures, L = 133.5', () => {
    const ratings = [
      [3, 4, 3],
      [2, 2, 4],
      [3, 3, 5],
      [1, 3, 2],
      [2, 3, 2],
      [2, 4, 5],
      [1, 2, 4],
      [3, 4, 4],
      [2, 4, 5],
      [1, 3, 4],
    ];
    const { L, pValue } = pageTrend(ratings);
    expect(L).toBe(133.5);
    // SciPy's p is 0.00182, by the law without ties. Ours permutes the ranks as they are: so does this, at random.
    const stream = new WordStream(5, 0, 0);
    const shuffled = (values: number[]) =>
      values
        .map(value => ({ value, key: stream.next() }))
        .sort((a, b) => a.key - b.key)
        .map(({ value }) => value);
    const trials = 20_000;
    let asHigh = 0;
    for (let i = 0; i < trials; i++) {
      const score = ratings.reduce(
        (sum, row) => sum + shuffled(ranksOf(row)).reduce((own, rank, j) => own + (j + 1) * rank, 0),
        0,
      );
      if (score >= L) asHigh++;
    }
    expect(Math.abs(asHigh / trials - pValue)).toBeLessThan(4 * Math.sqrt(pValue / trials));
    expect(pValue).toBeLessThan(0.00182);
  });
});

describe('Page’s test by enumeration and simulation', () => {
  test('one block: the share of orders that score as high', () => {
    const values = [0.3, 0.1, 0.7, 0.9];
    const ranks = ranksOf(values);
    const score = (order: number[]) => order.reduce((sum, rank, j) => sum + (j + 1) * rank, 0);
    const all = orders(4);
    const asHigh = all.filter(order => score(order) >= score(ranks)).length;
    expect(pageTrend([values]).pValue).toBeCloseTo(asHigh / all.length, 12);
  });

  test('ties share a rank and are permuted as they are', () => {
    expect(ranksOf([2, 1, 2])).toEqual([2.5, 1, 2.5]);
    expect(pageTrend([[1, 1, 1]]).pValue).toBe(1);
    // Orders of 1, 1, 2: the 2 stands last in a third of them.
    expect(pageTrend([[1, 1, 2]]).pValue).toBeCloseTo(1 / 3, 12);
  });

  test('without a trend, p ≤ 0.05 in at most 5 % of data sets', () => {
    const normal = normals(11);
    const trials = 2000;
    let rejected = 0;
    for (let i = 0; i < trials; i++) {
      const blocks = Array.from({ length: 6 }, () => Array.from({ length: 5 }, normal));
      if (pageTrend(blocks).pValue <= 0.05) rejected++;
    }
    expect(rejected / trials).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / trials));
    expect(rejected / trials).toBeGreaterThan(0.03);
  });

  test('a rising order is a trend, a falling one is none', () => {
    const rising = Array.from({ length: 3 }, () => [1, 2, 3, 4, 5]);
    expect(pageTrend(rising)).toMatchObject({ strength: 1 });
    expect(pageTrend(rising).pValue).toBeCloseTo((1 / 120) ** 3, 12);
    expect(pageTrend(rising.map(block => [...block].reverse()))).toMatchObject({ strength: -1, pValue: 1 });
  });

  test('many blocks of many treatments: the normal law stands in, close to the share of random orders', () => {
    const stream = new WordStream(9, 0, 0);
    const random = () => Array.from({ length: 12 }, () => stream.next());
    const rows = Array.from({ length: 20 }, (_, i) =>
      random().map((value, j) => value + j * 2 ** (20 + (i % 8))),
    );
    const { L, pValue } = pageTrend(rows);
    const trials = 1000;
    let asHigh = 0;
    for (let i = 0; i < trials; i++) if (pageTrend(rows.map(random)).L >= L) asHigh++;
    expect(Math.abs(asHigh / trials - pValue)).toBeLessThan(4 * Math.sqrt(pValue / trials));
  });
});

test('a trend beyond any doubt has a p-value above 0, and none below what so many blocks can give', () => {
  const rising = Array.from({ length: 30 }, () => Array.from({ length: 12 }, (_, j) => j));
  const { pValue, pFloor } = pageTrend(rising);
  expect(pFloor).toBeGreaterThan(0);
  expect(pValue).toBeGreaterThanOrEqual(pFloor);
  expect(pValue).toBeLessThan(1e-20);
  // Almost as sure: the upper tail of the normal law far out.
  const almost = rising.map((row, i) => (i < 10 ? row.map((_, j) => (j * 5) % 12) : row));
  expect(pageTrend(almost).pValue).toBeGreaterThan(pFloor);
  expect(pageTrend(almost).pValue).toBeLessThan(1e-8);
});

describe('blocks of several rows', () => {
  test('are permuted as one: ten copies of a row say no more than the row', () => {
    const row = [0.3, 0.1, 0.7, 0.9];
    const [one, ten] = [blockTrend([[row]]), blockTrend([Array(10).fill(row)])];
    expect(ten.pValue).toBeCloseTo(one.pValue, 12);
    expect(ten.strength).toBeCloseTo(one.strength, 12);
    // As ten blocks they would.
    expect(blockTrend(Array(10).fill([row])).pValue).toBeLessThan(one.pValue / 10);
  });

  test('have the law of all orders of the treatments, taken in every row alike', () => {
    const block = [
      [0.3, 0.1, 0.7],
      [2, 1, 1],
    ];
    const score = (order: number[]) =>
      block
        .map(ranksOf)
        .reduce((sum, ranks) => sum + order.reduce((own, at, j) => own + (j + 1) * ranks[at - 1]!, 0), 0);
    const asHigh = orders(3).filter(order => score(order) >= score([1, 2, 3])).length;
    expect(blockTrend([block]).pValue).toBeCloseTo(asHigh / 6, 12);
  });

  test('the floor: three independent seeds, and 7, 4 and 3 treatments', () => {
    const floorOf = (k: number) => {
      const rising = Array.from({ length: k }, (_, i) => i);
      return blockTrend(Array(3).fill([rising, rising]));
    };
    for (const [k, floor] of [
      [7, 7.8e-12],
      [4, 7.2e-5],
      [3, 4.6e-3],
    ] as const) {
      expect(floorOf(k).pFloor / floor).toBeCloseTo(1, 1);
      expect(floorOf(k).pValue / floorOf(k).pFloor).toBeCloseTo(1, 6);
    }
    expect([2, 3, 4].map(k => blocksFor(0.01, k))).toEqual([7, 3, 2]);
  });
});
