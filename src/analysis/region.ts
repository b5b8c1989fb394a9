import { holm, type Interval, meanOf, pool, tInterval, upperTail } from './statistics.ts';
import type { Verdict } from './verdict.ts';

/*
 * Whether the mean of every one of several samples lies in a region, by t tests on each sample's own variance.
 *
 * Shown: in every sample each end of the region is rejected by a one-sided test at `LEVEL` (two one-sided tests, D. J. Schuirmann, J.
 * Pharmacokin. Biopharm. 15, 1987). That all must pass makes the whole a test at `LEVEL`, however the samples depend on each other
 * (intersection-union, R. L. Berger, Technometrics 24, 1982): noise makes it harder to pass, never easier.
 * Refuted: some mean is shown to lie outside, the p-values of the samples adjusted by Holm's method, doubled where there are two ends.
 */

/** A region for a mean: an end may be infinite. */
export type Region = readonly [low: number, high: number];

/** Of each one-sided test. */
export const LEVEL = 0.05;

/** What every sample together say. */
export interface RegionDecision {
  verdict: Verdict;
  /** The sample that decides: the one shown most surely to lie outside, or the one shown least surely to lie within. */
  deciding: number;
  /** Of that sample. */
  mean: number;
  /** Of confidence 1 − 2 `LEVEL`: it lies within the region exactly when both tests reject. */
  interval: Interval;
  pValue: number;
  /** Samples that are shown to lie outside. */
  outside: number[];
}

/** Decides whether every sample's mean lies in a region. Needs a sample; each should have at least two values. */
export function everyMeanWithin(
  samples: readonly (readonly number[])[],
  [low, high]: Region,
): RegionDecision {
  const ends = [low, high].filter(Number.isFinite).length;
  const tests = samples.map(values => {
    const mean = meanOf(values);
    const { variance, freedom } = pool([values]);
    const error = Math.sqrt(variance / values.length);
    const above = (difference: number) => upperTail(difference / error, freedom);
    return {
      mean,
      interval: tInterval(mean, error, freedom, 1 - 2 * LEVEL),
      within: Math.max(above(mean - low), above(high - mean)),
      outside: Math.min(1, ends * Math.min(above(low - mean), above(mean - high))),
    };
  });
  const adjusted = holm(tests.map(({ outside }) => outside));
  const outside = adjusted.flatMap((p, i) => (p <= LEVEL ? [i] : []));
  const leastOutside = adjusted.indexOf(Math.min(...adjusted));
  const refuted = outside.length > 0;
  const deciding = refuted
    ? leastOutside
    : tests.reduce((most, { within }, i) => (within > tests[most]!.within ? i : most), 0);
  const { mean, interval, within } = tests[deciding]!;
  return {
    verdict: refuted ? 'refuted' : within <= LEVEL ? 'shown' : 'undecided',
    deciding,
    mean,
    interval,
    pValue: refuted ? adjusted[deciding]! : within,
    outside,
  };
}
