import { classTables } from '../model/first-layer.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { STREAM, streamKey, WordStream } from '../shared/random.ts';
import {
  type GramShape,
  gramOverhead,
  gramShort,
  keptTokens,
  shortOfGrams,
} from '../simulation/gram-short.ts';
import { outputsOf } from '../simulation/outputs.ts';
import { distance } from '../simulation/simulate.ts';
import { drawFromChain, gramFrequencies } from '../tasks/laws/chain.ts';
import { drawChain, drawTokens, type TokenSource } from '../tasks/laws/registry.ts';
import { hasInfinitePrecision, isDefined } from './defined.ts';
import { limitFunction, reachOf } from './limit.ts';
import { outputDiameter } from './output-range.ts';
import { reachableStates } from './reachable.ts';

/*
 * Certificate C [ours] (docs/theory.md §13): with probability 1 − δ over the m strings that are drawn here, the mean over all strings of
 * the law of e = ‖f(x) − f(z)‖ is at most
 *
 *     ê + √(2 V̂ ln(2/δ') / m) + 7 R ln(2/δ') / (3 (m − 1)),      δ' = δ / (number of lengths M tried)
 *
 * for every M tried: the empirical Bernstein bound (Maurer and Pontil, "Empirical Bernstein bounds and sample variance penalization", COLT
 * 2009, theorem 4) of independent e in [0, R], and a union over the M. ê and V̂ are mean and sample variance, z the short string of x's
 * grams with |z| ≤ M, R the diameter of everything f can say (`output-range.ts`). In infinite precision x has length ∞: a law drawn from
 * the prior, its last tokens drawn from it, f(x) from limit.ts, and z from the law's own gram frequencies. Else x has the length that is
 * given.
 */

/** An upper confidence bound, 1 − δ, on the mean of independent values in [0, range]. At least two values. */
export function empiricalBernstein(values: ArrayLike<number>, range: number, delta: number): number {
  const m = values.length;
  const all = Array.from(values);
  const mean = all.reduce((a, b) => a + b, 0) / m;
  const variance = all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (m - 1);
  const log = Math.log(2 / delta);
  return mean + Math.sqrt((2 * variance * log) / m) + (7 * range * log) / (3 * (m - 1));
}

export interface StatisticalOptions {
  /** Lengths M that are tried, chosen before anything is drawn. */
  lengths: readonly number[];
  /** m */
  strings: number;
  delta: number;
  /** T of finite precision; infinite precision has T = ∞. */
  longLength: number;
  seed: number;
}

/** What certificate C says. */
export interface StatisticalCertificate {
  delta: number;
  strings: number;
  /** R */
  range: number;
  /** T; null: ∞. */
  longLength: number | null;
  /** Tokens of the grams that z keeps. */
  gram: number;
  /** For each M tried, ascending: the mean error seen, and the bound on the mean over the law. */
  points: { length: number; meanError: number; bound: number }[];
  /** The least M tried whose bound is at most ε; null: none of them. */
  length(epsilon: number): number | null;
}

/** Most grams of a short string. */
const MOST_GRAMS = 1024;

/** Why there is no certificate C, in words; undefined where there is. */
export function whyNoStatistical(model: AnyModel, source: TokenSource): string | undefined {
  const { config } = model;
  if (!isDefined('simulation', config)) return 'it takes one or two limit layers without norm';
  if (config.period !== 1) return `Δ = ${config.period}: it takes Δ = 1`;
  const grams = config.vocabulary ** gramOf(model, source);
  return grams > MOST_GRAMS ? `${grams} grams: at most ${MOST_GRAMS}` : undefined;
}

/** Tokens of the grams that z keeps: what layer 1 sees at T = ∞, and what the law depends on. */
function gramOf(model: AnyModel, { law, order }: TokenSource): number {
  return Math.max(reachOf(classTables(model).phi), law === 'dirichlet-markov' ? order + 1 : 1);
}

/** Errors of strings that were drawn, and what bounds them. */
export interface SampledErrors {
  /** M that can be had, ascending. */
  lengths: number[];
  /** ‖f(x) − f(z)‖ by length and string. */
  errors: Float64Array[];
  /** R */
  range: number;
  gram: number;
}

/**
 * Draws strings of the law, x and its z of every length, and measures e, for limit models of one or two layers.
 * @throws RangeError where `whyNoStatistical` says why.
 */
export function sampledErrors(
  model: AnyModel,
  source: TokenSource,
  { lengths, strings, longLength, seed }: Omit<StatisticalOptions, 'delta'>,
): SampledErrors {
  const why = whyNoStatistical(model, source);
  if (why !== undefined) throw new RangeError(`no certificate C: ${why}`);
  const { vocabulary, locality, attention } = model.config;
  const shape: GramShape = { vocabulary, gram: gramOf(model, source), locality };
  const tried = lengths.filter(length => length > gramOverhead(shape)).sort((a, b) => a - b);
  const tables = classTables(model);
  const f = outputsOf(model, tables);
  const key = streamKey(seed, STREAM.chain);
  const own = { ...source, key };
  /** f(x), and z of a length. */
  const drawn = (number: number): { long: ArrayLike<number>; short: (length: number) => Uint8Array } => {
    if (!hasInfinitePrecision(attention)) {
      const tokens = drawTokens(own, number, longLength);
      return { long: f(tokens), short: length => gramShort(tokens, length, shape) };
    }
    const chain = drawChain(own, number);
    const last = drawFromChain(chain, new WordStream(key, 2, number), keptTokens(shape));
    const frequencies = gramFrequencies(chain, shape.gram);
    return {
      long: limitFunction(model, chain, tables).output(last),
      short: length => shortOfGrams(frequencies, last, length, shape),
    };
  };
  const errors = tried.map(() => new Float64Array(strings));
  for (let number = 0; number < strings; number++) {
    const { long, short } = drawn(number);
    tried.forEach((length, k) => {
      errors[k]![number] = distance(Array.from(long), [...f(short(length))]);
    });
  }
  return {
    lengths: tried,
    errors,
    range: outputDiameter(model, reachableStates(model, tables)),
    gram: shape.gram,
  };
}

/** Certificate C of a limit model of one or two layers. @throws RangeError where `whyNoStatistical` says why. */
export function statisticalCertificate(
  model: AnyModel,
  source: TokenSource,
  options: StatisticalOptions,
): StatisticalCertificate {
  const { strings, delta, longLength } = options;
  const { lengths, errors, range, gram } = sampledErrors(model, source, options);
  const points = lengths.map((length, k) => ({
    length,
    meanError: errors[k]!.reduce((a, b) => a + b, 0) / strings,
    bound: Math.min(range, empiricalBernstein(errors[k]!, range, delta / lengths.length)),
  }));
  return {
    delta,
    strings,
    range,
    longLength: hasInfinitePrecision(model.config.attention) ? null : longLength,
    gram,
    points,
    length: epsilon => points.find(({ bound }) => bound <= epsilon)?.length ?? null,
  };
}
