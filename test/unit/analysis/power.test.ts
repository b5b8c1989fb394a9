import { describe, expect, test } from 'vitest';
import { everyMeanWithin } from '../../../src/analysis/region.ts';
import { pageTrend } from '../../../src/analysis/trend.ts';
import { trendClaim } from '../../../src/analysis/trend-claim.ts';
import { type Grid, gridCells, settingsOf } from '../../support/grids.ts';
import { normals } from '../../support/noise.ts';

/*
 * Size and power of the tests behind the verdicts, by simulation at the numbers of seeds that are used. Power is held to numbers of an
 * independent program: SciPy 1.17 (noncentral t, and the TOST integral over χ²), NumPy for Page's test.
 */

const TRIALS = 1000;

/** How often something happens, with what 1000 trials can tell of a probability: three standard errors. */
const rate = (happens: () => boolean, trials = TRIALS) =>
  Array.from({ length: trials }, happens).filter(Boolean).length / trials;
const slack = (p: number, trials = TRIALS) => 3 * Math.sqrt(Math.max(p * (1 - p), 1 / trials) / trials);
const agrees = (measured: number, p: number) => Math.abs(measured - p) < slack(p);

/** Slopes of settings: a mean each, spread over seeds. */
const slopesOf = (normal: () => number, means: number[], seeds: number, spread: number) =>
  means.map(mean => Array.from({ length: seeds }, () => mean + spread * normal()));
const REGION = [-0.1, 0.1] as const;

describe.each([3, 5, 8])('a plateau, %i seeds', seeds => {
  const verdicts = (key: number, means: number[], spread: number) => {
    const normal = normals(key);
    return (verdict: string) =>
      rate(() => everyMeanWithin(slopesOf(normal, means, seeds, spread), REGION).verdict === verdict);
  };
  const others = Array(8).fill(0) as number[];

  test.each([0.03, 0.1])('size: a slope of 0.1 is shown to be none in at most 5 %%, spread %s', spread => {
    expect(verdicts(1, [0.1], spread)('shown')).toBeLessThan(0.05 + slack(0.05));
    // Among flat ones too: one setting that is not settled is enough.
    expect(verdicts(2, [0.1, ...others], spread)('shown')).toBeLessThan(0.05 + slack(0.05));
  });

  test('a slow rise of 0.15 in one setting of nine is never shown to be none', () => {
    for (const spread of [0.01, 0.03, 0.1])
      expect(verdicts(3, [0.15, ...others], spread)('shown')).toBeLessThan(0.01);
  });

  test('size: nine slopes of ±0.1, the most that is allowed, are refuted in at most 5 %', () => {
    const means = Array.from({ length: 9 }, (_, i) => (i % 2 === 0 ? 0.1 : -0.1));
    expect(verdicts(4, means, 0.05)('refuted')).toBeLessThan(0.05 + slack(0.05));
  });

  test('power: flat slopes, spreads 0.03, 0.05 and 0.1', () => {
    const known = { 3: [0.9326, 0.558, 0.1273], 5: [1, 0.95, 0.2939], 8: [1, 0.9993, 0.635] }[seeds]!;
    [0.03, 0.05, 0.1].forEach((spread, i) => {
      expect(agrees(verdicts(5 + i, [0], spread)('shown'), known[i]!)).toBe(true);
    });
  });

  test('power: a slope of 0.3 alone and among eight flat ones, spread 0.05; of 0.15, spread 0.03', () => {
    const known = { 3: [0.9085, 0.2378, 0.3671], 5: [1, 0.9581, 0.7932], 8: [1, 1, 0.9796] }[seeds]!;
    const found = [
      verdicts(8, [0.3], 0.05)('refuted'),
      verdicts(9, [0.3, ...others], 0.05)('refuted'),
      verdicts(10, [0.15], 0.03)('refuted'),
    ];
    expect(found.map((measured, i) => agrees(measured, known[i]!))).toEqual([true, true, true]);
  });
});

describe.each([3, 5, 8])('a trend, %i seeds', seeds => {
  /** Seeds of rows; what a seed's rows have in common is as large as what is their own. */
  const blocksOf = (normal: () => number, rows: number, treatments: number, step: number, shared: number) =>
    Array.from({ length: seeds }, () => {
      const common = Array.from({ length: treatments }, normal);
      return Array.from({ length: rows }, () =>
        common.map((value, j) => j * step + shared * value + (1 - shared) * normal()),
      );
    });

  test('size: settings that share random numbers, as one block a seed, in at most 1 % and 5 %', () => {
    const normal = normals(20 + seeds);
    const pValues = Array.from({ length: TRIALS }, () => pageTrend(blocksOf(normal, 6, 4, 0, 0.5)).pValue);
    for (const level of [0.01, 0.05]) {
      const share = pValues.filter(p => p <= level).length / TRIALS;
      expect(share).toBeLessThan(level + slack(level));
    }
  });

  test('taking such settings for independent finds trends where there are none: the mistake that is mended', () => {
    const normal = normals(30 + seeds);
    const wrong = rate(
      () =>
        pageTrend(blocksOf(normal, 6, 4, 0, 0.8).flatMap(block => block.map(row => [row]))).pValue <= 0.01,
      400,
    );
    expect(wrong).toBeGreaterThan(0.05);
  });

  test('power at 1 %: steps of 0.7 standard deviations over 4 and 7 treatments', () => {
    const known = { 3: [0.3216, 0.9981], 5: [0.6025, 1], 8: [0.8794, 1] }[seeds]!;
    [4, 7].forEach((treatments, i) => {
      const normal = normals(40 + seeds + i);
      const power = rate(() => pageTrend(blocksOf(normal, 1, treatments, 0.7, 1)).pValue <= 0.01);
      expect(agrees(power, known[i]!)).toBe(true);
    });
  });

  test('a reversal by more than a factor 2 is read out of noise in at most 5 % of grids where one step goes back by just that', () => {
    const loss: Grid['loss'] = ({ N }) => ({ 4: 0.02, 8: 0.01, 16: 0.02 })[N]!;
    let key = 1000 * seeds;
    const alarms = rate(() => {
      const cells = gridCells({ loss, noise: 0.4, seeds, omegas: [1, 2], key: key++ });
      const { remarks } = trendClaim(settingsOf(cells), 'train.length', 'falls', 'cell')!;
      return remarks.some(remark => remark.startsWith('against the trend'));
    }, 120);
    expect(alarms).toBeLessThan(0.05 + slack(0.05, 120));
  });
});
