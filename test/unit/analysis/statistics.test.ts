import { describe, expect, test } from 'vitest';
import {
  bootstrap,
  holm,
  meanInterval,
  meanOf,
  pool,
  resampled,
  tInterval,
  upperTail,
} from '../../../src/analysis/statistics.ts';
import { below } from '../../../src/shared/random.ts';
import { normals } from '../../support/noise.ts';

describe('against published worked examples', () => {
  test('Student’s sleep data (1908): mean 1.58, 95 % interval 0.7001142 … 2.4598858, p = 0.00142', () => {
    const differences = [1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4];
    const [low, high] = meanInterval(differences);
    expect(meanOf(differences)).toBeCloseTo(1.58, 12);
    expect(low).toBeCloseTo(0.7001142, 6);
    expect(high).toBeCloseTo(2.4598858, 6);
    const { variance, freedom } = pool([differences]);
    // R: t.test(extra ~ group, paired = TRUE) gives t = −4.0621, df = 9, two-sided p = 0.002833.
    expect(2 * upperTail(1.58 / Math.sqrt(variance / 10), freedom)).toBeCloseTo(0.002833, 6);
  });

  test('NIST e-Handbook 1.3.5.2, ZARR13.DAT: 9.261460 ± t(194) 0.022789/√195 = 9.258242 … 9.264679', () => {
    const [low, high] = tInterval(9.26146, 0.022789 / Math.sqrt(195), 194);
    expect(low).toBeCloseTo(9.258242, 5);
    expect(high).toBeCloseTo(9.264679, 5);
  });

  test('Holm (1979), as R’s p.adjust gives it: .01 .04 .03 .005 → .03 .06 .06 .02', () => {
    [0.03, 0.06, 0.06, 0.02].forEach((p, i) => {
      expect(holm([0.01, 0.04, 0.03, 0.005])[i]).toBeCloseTo(p, 12);
    });
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
  });

  test('pooled variance of two groups: (2 · 1 + 3 · 5/3) / 5', () => {
    const { variance, freedom, groups } = pool([[1, 2, 3], [], [1, 2, 3, 4]]);
    expect(freedom).toBe(5);
    expect(variance).toBeCloseTo(7 / 5, 12);
    expect(groups).toEqual([
      { mean: 2, count: 3 },
      { mean: 2.5, count: 4 },
    ]);
  });
});

describe('against simulation', () => {
  const TRIALS = 2000;
  const share = (trial: () => boolean) =>
    Array.from({ length: TRIALS }, trial).filter(Boolean).length / TRIALS;

  test('the t interval of three values covers the mean in 95 % of samples, within 3 standard errors', () => {
    const normal = normals(1);
    const covered = share(() => {
      const [low, high] = meanInterval([normal(), normal(), normal()]);
      return low <= 0 && high >= 0;
    });
    expect(Math.abs(covered - 0.95)).toBeLessThan(3 * Math.sqrt((0.95 * 0.05) / TRIALS));
  });

  test('a t-test on pooled variance rejects a true null in 5 % of samples', () => {
    const normal = normals(2);
    const rejected = share(() => {
      const groups = Array.from({ length: 4 }, () => [normal(), normal(), normal()]);
      const { groups: means, variance, freedom } = pool(groups);
      return upperTail(means[0]!.mean / Math.sqrt(variance / 3), freedom) < 0.05;
    });
    expect(Math.abs(rejected - 0.05)).toBeLessThan(3 * Math.sqrt((0.05 * 0.95) / TRIALS));
  });

  test('the bootstrap interval of a mean of 40 covers it in 95 % of samples, within 3 standard errors', () => {
    const normal = normals(3);
    const trials = 100;
    let covered = 0;
    for (let i = 0; i < trials; i++) {
      const sample = Array.from({ length: 40 }, normal);
      const [low, high] = bootstrap(40, units => meanOf(units.map(unit => sample[unit]!)));
      if (low <= 0 && high >= 0) covered++;
    }
    expect(Math.abs(covered / trials - 0.95)).toBeLessThan(3 * Math.sqrt((0.95 * 0.05) / trials));
  });
});

describe('edges', () => {
  test('without degrees of freedom nothing is shown', () => {
    expect(meanInterval([1])).toEqual([-Infinity, Infinity]);
    expect(upperTail(5, 0)).toBe(1);
    expect(upperTail(Number.NaN, 5)).toBe(1);
  });

  test('resampling gives the same interval every time, keeps ∞ as a value, and gives up when most draws have none', () => {
    const statistic = () => resampled(1, stream => [below(stream.next(), 2) === 0 ? 1 : Infinity]);
    expect(statistic()).toEqual([[1, Infinity]]);
    expect(statistic()).toEqual(statistic());
    const two = resampled(1, stream => [0, below(stream.next(), 3) === 0 ? 1 : Number.NaN]);
    expect(two).toEqual([[0, 0], null]);
  });
});
