import type { ModelConfig } from '../shared/model-config.ts';
import { STREAM, streamKey, WordStream } from '../shared/random.ts';
import { isOneLayer } from '../theory/defined.ts';
import { deterministicShort, shortestLength } from './deterministic.ts';
import { discrepancy } from './discrepancy.ts';
import { type Fit, fitErrors, mean } from './fit.ts';
import { neighbour } from './greedy.ts';
import { markovShort } from './markov.ts';

/** f(x) of each sequence at its last position [outputs]. */
export type Evaluate = (sequences: Uint8Array[]) => Promise<number[][]>;

export const METHODS = ['deterministic', 'markov', 'best-of', 'greedy'] as const;
export type Method = (typeof METHODS)[number];

export interface SimulationOptions {
  method: Method;
  /** Short lengths n. */
  lengths: readonly number[];
  /** Random z of each x: `best-of` keeps the best, `greedy` starts from it. */
  draws: number;
  /** Rounds of `greedy`, each trying `draws` neighbours of each z. */
  rounds: number;
  seed: number;
  /** Errors up to this are the arithmetic's own. */
  floor: (largestOutput: number) => number;
  /** f* of a sequence, for the sandwich check. */
  target?: (tokens: Uint8Array) => number[];
  onProgress?: (length: number, done: number, total: number) => void;
}

/** Mean terms of the sandwich |f(x)−f*(x)| ≤ |f(x)−f(z)| + |f(z)−f*(z)| + |f*(z)−f*(x)|. */
export interface Sandwich {
  simulation: number;
  onShort: number;
  target: number;
  onLong: number;
}

/** What one short length gave. Errors are Euclidean distances ‖f(x) − f(z)‖. */
export interface SimulationPoint {
  length: number;
  samples: number;
  meanError: number;
  maxError: number;
  stderr: number;
  /** Of |z|: random strings have it near n only in the mean. */
  meanLength: number;
  /** Mean discrepancy of (τ-suffix, histogram) over the first strings. */
  discrepancy: number;
  sandwich: Sandwich | undefined;
}

export interface Simulation {
  points: SimulationPoint[];
  /** Undefined where fewer than two lengths rise above the arithmetic's own error. */
  fit: Fit | undefined;
  /** Of the discrepancy, which is predicted to fall like n^{−1/3}. */
  discrepancyFit: Fit | undefined;
}

/** The discrepancy costs sorts of every position: it is measured on this many strings. */
const DISCREPANCY_STRINGS = 32;

/**
 * Rates at which errors are promised to fall with |z| (docs/theory.md §6): class frequencies of deterministic z are off by about S Δ / |z|,
 * a Markov chain's laws by n^{−1/3}.
 */
const DETERMINISTIC_RATE = 1;
const RANDOM_RATE = 1 / 3;

function rateOf(method: Method): number {
  return method === 'deterministic' ? DETERMINISTIC_RATE : RANDOM_RATE;
}

/** The short strings that the theorem of a model's depth is about (docs/theory.md §6). */
export function standardMethod(config: ModelConfig): Method {
  return isOneLayer(config) ? 'deterministic' : 'markov';
}

/** The least n that a method can do. */
export function leastLength(method: Method, config: ModelConfig): number {
  return method === 'deterministic' ? shortestLength(config) : config.locality + 1 + config.period;
}

/**
 * Builds short strings for long ones and measures how well they stand in for them (docs/theory.md §6): e(n) over `longs` for each n, its
 * fit, and the discrepancy of what the model sees.
 */
export async function simulate(
  evaluate: Evaluate,
  config: ModelConfig,
  longs: readonly Uint8Array[],
  options: SimulationOptions,
): Promise<Simulation> {
  const { lengths, onProgress, target } = options;
  const outputs = await evaluate([...longs]);
  const columns: { length: number; sizes: number[]; errors: number[]; discrepancies: number[] }[] = [];
  const points: SimulationPoint[] = [];
  for (const [done, length] of lengths.entries()) {
    onProgress?.(length, done, lengths.length);
    const shorts = await shortStrings(evaluate, config, longs, outputs, length, options);
    const errors = shorts.map(({ error }) => error);
    const discrepancies = longs
      .slice(0, DISCREPANCY_STRINGS)
      .map((long, i) => discrepancy(long, shorts[i]!.tokens, config));
    const sizes = shorts.map(({ tokens }) => tokens.length);
    columns.push({ length, sizes, errors, discrepancies });
    points.push({
      length,
      samples: longs.length,
      meanError: mean(errors),
      maxError: Math.max(...errors),
      stderr: standardError(errors),
      meanLength: mean(sizes),
      discrepancy: mean(discrepancies),
      sandwich: target && sandwichOf(longs, outputs, shorts, target),
    });
  }
  const largest = Math.max(...outputs.map(output => Math.hypot(...output)));
  return {
    points,
    fit: fitErrors(columns, options.floor(largest), rateOf(options.method)),
    discrepancyFit: fitErrors(
      columns.map(({ length, sizes, discrepancies }) => ({ length, sizes, errors: discrepancies })),
      0,
      RANDOM_RATE,
    ),
  };
}

/** A short string with its read-out and its distance from the long one's. */
interface Short {
  tokens: Uint8Array;
  output: number[];
  error: number;
}

async function shortStrings(
  evaluate: Evaluate,
  config: ModelConfig,
  longs: readonly Uint8Array[],
  outputs: readonly number[][],
  length: number,
  { method, draws, rounds, seed }: SimulationOptions,
): Promise<Short[]> {
  const chain = streamKey(seed, STREAM.markov);
  const random = (long: Uint8Array, i: number, draw: number) =>
    markovShort(long, length, config, new WordStream(chain, length * draws + draw, i));
  const many = Array.from({ length: draws }, (_, draw) => draw);
  const candidates = longs.map((long, i) => {
    if (method === 'deterministic') return [deterministicShort(long, length, config)];
    if (method === 'markov') return [random(long, i, 0)];
    const drawn = many.map(draw => random(long, i, draw));
    const exact = method === 'greedy' && length >= shortestLength(config);
    return exact ? [deterministicShort(long, length, config), ...drawn] : drawn;
  });
  let best = await closest(
    evaluate,
    outputs,
    candidates.map(own => fitting(own, length)),
  );
  if (method !== 'greedy') return best;
  const key = streamKey(seed, STREAM.greedy);
  for (let round = 0; round < rounds; round++) {
    const tried = best.map(({ tokens }, i) =>
      tokens.length - config.locality - 1 < 1
        ? [tokens]
        : many.map(draw =>
            neighbour(tokens, config, new WordStream(key, (length * rounds + round) * draws + draw, i)),
          ),
    );
    const found = await closest(evaluate, outputs, tried);
    best = best.map((short, i) => (found[i]!.error < short.error ? found[i]! : short));
  }
  return best;
}

/** The candidates that are not longer than n, or the shortest one: a choice among random lengths must not favour long strings. */
function fitting(candidates: Uint8Array[], n: number): Uint8Array[] {
  const short = candidates.filter(tokens => tokens.length <= n);
  if (short.length > 0 || candidates.length === 1) return short.length > 0 ? short : candidates;
  return [candidates.reduce((least, tokens) => (tokens.length < least.length ? tokens : least))];
}

/** The best candidate of each string. */
async function closest(
  evaluate: Evaluate,
  outputs: readonly number[][],
  candidates: Uint8Array[][],
): Promise<Short[]> {
  const all = candidates.flat();
  const read = await evaluate(all);
  let next = 0;
  return candidates.map((own, i) => {
    const shorts = own.map(tokens => {
      const output = read[next++]!;
      return { tokens, output, error: distance(output, outputs[i]!) };
    });
    return shorts.reduce((best, short) => (short.error < best.error ? short : best));
  });
}

function sandwichOf(
  longs: readonly Uint8Array[],
  outputs: readonly number[][],
  shorts: readonly Short[],
  target: (tokens: Uint8Array) => number[],
): Sandwich {
  const [x, z] = [longs.map(target), shorts.map(({ tokens }) => target(tokens))];
  return {
    simulation: mean(shorts.map(({ error }) => error)),
    onShort: mean(shorts.map(({ output }, i) => distance(output, z[i]!))),
    target: mean(z.map((value, i) => distance(value, x[i]!))),
    onLong: mean(outputs.map((output, i) => distance(output, x[i]!))),
  };
}

/** Euclidean distance. */
export function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((x, k) => x - b[k]!));
}

function standardError(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}
