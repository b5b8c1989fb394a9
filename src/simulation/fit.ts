import { linearRegression, quantile } from 'simple-statistics';
import { below, STREAM, streamKey, WordStream } from '../shared/random.ts';

/** `e(n) ≈ Ĉ n^{−β}`, n the mean length of the short strings (docs/theory.md §6). Intervals: 95 %, bootstrap over the long strings. */
export interface Fit {
  beta: number;
  betaInterval: [number, number];
  log10C: number;
  log10CInterval: [number, number];
  /** The β that theory promises for these short strings: 1 for deterministic ones, 1/3 for random ones. */
  rate: number;
  /** Ĉ with β held at `rate`: the empirical complexity. */
  log10CAtRate: number;
  log10CAtRateInterval: [number, number];
  /** Ĉ with β held at 1/3, whatever the strings. */
  log10CAtOneThird: number;
  /** Lengths whose mean error rises above the arithmetic's own. */
  lengths: number[];
}

/** Errors of many strings at one short length that was asked for, in the same order of strings at every length. */
export interface ErrorColumn {
  length: number;
  /** Of each short string: random ones have the length that was asked for only in the mean. */
  sizes: readonly number[];
  errors: readonly number[];
}

const RESAMPLES = 1000;

/**
 * Fits a power law to mean errors by least squares in log-log. Lengths whose mean error is not above `floor` say nothing about the
 * simulation and are left out; undefined when fewer than two are left.
 */
export function fitErrors(columns: readonly ErrorColumn[], floor: number, rate: number): Fit | undefined {
  const used = columns.filter(({ errors }) => mean(errors) > floor);
  if (used.length < 2) return undefined;
  const samples = used[0]!.errors.length;
  const all = Array.from({ length: samples }, (_, i) => i);
  const whole = fitOf(used, all, rate)!;
  const stream = new WordStream(streamKey(0, STREAM.bootstrap), samples, used.length);
  const resampled = Array.from({ length: RESAMPLES }, () =>
    fitOf(
      used,
      all.map(() => below(stream.next(), samples)),
      rate,
    ),
  ).filter(fit => fit !== undefined);
  const interval = (pick: (fit: LineFit) => number): [number, number] => {
    const values = resampled.map(pick);
    return [quantile(values, 0.025), quantile(values, 0.975)];
  };
  return {
    ...whole,
    rate,
    betaInterval: interval(fit => fit.beta),
    log10CInterval: interval(fit => fit.log10C),
    log10CAtRateInterval: interval(fit => fit.log10CAtRate),
    lengths: used.map(({ length }) => length),
  };
}

type LineFit = Pick<Fit, 'beta' | 'log10C' | 'log10CAtRate' | 'log10CAtOneThird'>;

function fitOf(
  columns: readonly ErrorColumn[],
  strings: readonly number[],
  rate: number,
): LineFit | undefined {
  const logMean = (values: readonly number[]) => Math.log10(mean(strings.map(i => values[i]!)));
  const points = columns
    .map(({ sizes, errors }) => [logMean(sizes), logMean(errors)] as const)
    .filter(([, log]) => Number.isFinite(log));
  if (points.length < 2) return undefined;
  const { m, b } = linearRegression(points.map(point => [...point]));
  const heldAt = (beta: number) => mean(points.map(([x, y]) => y + beta * x));
  return { beta: -m, log10C: b, log10CAtRate: heldAt(rate), log10CAtOneThird: heldAt(1 / 3) };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
