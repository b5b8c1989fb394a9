import tCdf from '@stdlib/stats-base-dists-t-cdf';
import tQuantile from '@stdlib/stats-base-dists-t-quantile';
import { below, STREAM, streamKey, WordStream } from '../shared/random.ts';

/** An interval, of 95 % unless said otherwise. */
export type Interval = [low: number, high: number];

/** A sample with a mean. */
export interface Group {
  mean: number;
  count: number;
}

/** Mean, and variance pooled over groups: what a few seeds each cannot say alone. */
export interface Pooled {
  groups: Group[];
  /** Variance within groups; NaN without a group of two. */
  variance: number;
  /** Degrees of freedom. */
  freedom: number;
}

const LEVEL = 0.95;
/** Of the standard normal law at (1 + LEVEL) / 2. */
export const NORMAL_QUANTILE = 1.959963984540054;
const RESAMPLES = 2000;
/** Resamples of large data, which vary less: enough for the ends of a 95 % interval. */
const LEAST_RESAMPLES = 400;
/** Units that are drawn in all, about, for one interval. */
const DRAWS = 4e6;

/** Pools the variance within groups of values. Empty groups are dropped. */
export function pool(groups: readonly (readonly number[])[]): Pooled {
  const filled = groups.filter(values => values.length > 0);
  const means = filled.map(values => ({ mean: meanOf(values), count: values.length }));
  const freedom = filled.reduce((sum, values) => sum + values.length - 1, 0);
  const squares = filled.reduce(
    (sum, values, g) => sum + values.reduce((own, value) => own + (value - means[g]!.mean) ** 2, 0),
    0,
  );
  return { groups: means, variance: squares / freedom, freedom };
}

/** The t interval of a mean with a given standard error. Infinite without degrees of freedom. */
export function tInterval(
  mean: number,
  standardError: number,
  freedom: number,
  confidence = LEVEL,
): Interval {
  if (freedom < 1) return [-Infinity, Infinity];
  const half = tQuantile((1 + confidence) / 2, freedom) * standardError;
  return [mean - half, mean + half];
}

/** How much wider a t interval is than one that takes the spread for known. Needs a degree of freedom. */
export function studentOverNormal(freedom: number): number {
  return tQuantile((1 + LEVEL) / 2, freedom) / NORMAL_QUANTILE;
}

/** The t interval of a sample's mean. */
export function meanInterval(values: readonly number[]): Interval {
  const { variance, freedom } = pool([values]);
  return tInterval(meanOf(values), Math.sqrt(variance / values.length), freedom);
}

/** P(t ≥ statistic). 1 where the statistic is not a number (no degrees of freedom). */
export function upperTail(statistic: number, freedom: number): number {
  return freedom < 1 || Number.isNaN(statistic) ? 1 : 1 - tCdf(statistic, freedom);
}

/** Holm's adjusted p-values (S. Holm, Scand. J. Statist. 6, 1979), in the order given. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((p, i) => ({ p, i })).sort((a, b) => a.p - b.p);
  const adjusted = Array<number>(pValues.length);
  let running = 0;
  order.forEach(({ p, i }, rank) => {
    running = Math.max(running, Math.min(1, p * (pValues.length - rank)));
    adjusted[i] = running;
  });
  return adjusted;
}

/** The percentile bootstrap of a statistic of `count` units, which it is given as indices. */
export function bootstrap(count: number, statistic: (units: number[]) => number): Interval {
  return resampled(count, stream => [
    statistic(Array.from({ length: count }, () => below(stream.next(), count))),
  ])[0] as Interval;
}

/**
 * The middle 95 % of each of some statistics of resampled data, in which `units` values are drawn each time. `resample` draws from the
 * stream, the same one every time this is called; 0 and ∞ count as values. Null where a statistic is NaN more than half the time; other NaN
 * are left out.
 */
export function resampled(
  units: number,
  resample: (stream: WordStream) => readonly number[],
): (Interval | null)[] {
  const stream = new WordStream(streamKey(0, STREAM.bootstrap), 0, 0);
  const resamples = Math.max(LEAST_RESAMPLES, Math.min(RESAMPLES, Math.floor(DRAWS / units)));
  const drawn = Array.from({ length: resamples }, () => resample(stream));
  return drawn[0]!.map((_, which) => {
    const values = Float64Array.from(drawn, statistics => statistics[which]!)
      .filter(value => !Number.isNaN(value))
      .sort();
    if (values.length < resamples / 2) return null;
    const at = (share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))]!;
    return [at((1 - LEVEL) / 2), at((1 + LEVEL) / 2)];
  });
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
