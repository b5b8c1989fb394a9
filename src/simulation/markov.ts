import type { ModelConfig } from '../shared/model-config.ts';
import { uniform, type WordStream } from '../shared/random.ts';

/** How the chain of Lemma 5.3 moves. */
export interface Chain {
  /** Stationary probability of keeping a block. */
  keep: number;
  /** P(1 → 0) and P(0 → 1). */
  stop: number;
  start: number;
  /** Blocks of Δ positions that the chain decides on; everything after them is kept. */
  blocks: number;
}

/**
 * The chain for a string of `longLength` tokens and a short one of about n: P(1→0) = n^{−1/3}, and the stationary keep-rate such that
 * n positions are kept in the mean, those after the blocks included. Where n is so close to T that P(0→1) would pass 1, both are
 * scaled down together.
 */
export function chainOf(
  longLength: number,
  n: number,
  { period, locality }: Pick<ModelConfig, 'period' | 'locality'>,
): Chain {
  const blocks = Math.floor((longLength - locality - 1) / period);
  const kept = longLength - blocks * period;
  const keep = blocks === 0 ? 1 : Math.min(1, Math.max(0, (n - kept) / (blocks * period)));
  if (keep === 1) return { keep, stop: 0, start: 1, blocks };
  const stop = n ** (-1 / 3);
  const start = (stop * keep) / (1 - keep);
  return start <= 1 ? { keep, stop, start, blocks } : { keep, stop: (1 - keep) / keep, start: 1, blocks };
}

/**
 * A random short string z of x (docs/theory.md §6, Lemma 5.3): a two-state Markov chain over blocks of Δ positions keeps x_i where it is 1.
 * The last τ+1 positions are always kept, and |z| ≡ |x| (mod Δ), so residues survive. |z| is n in the mean. x itself when it is not longer
 * than n.
 */
export function markovShort(
  tokens: Uint8Array,
  n: number,
  shape: Pick<ModelConfig, 'period' | 'locality'>,
  stream: WordStream,
): Uint8Array {
  if (tokens.length <= n) return tokens;
  const { period } = shape;
  const { keep, stop, start, blocks } = chainOf(tokens.length, n, shape);
  const short = new Uint8Array(tokens.length);
  let length = 0;
  let on = uniform(stream) < keep;
  for (let block = 0; block < blocks; block++) {
    if (block > 0) on = on ? uniform(stream) >= stop : uniform(stream) < start;
    if (!on) continue;
    short.set(tokens.subarray(block * period, (block + 1) * period), length);
    length += period;
  }
  const tail = tokens.subarray(blocks * period);
  short.set(tail, length);
  return short.slice(0, length + tail.length);
}
