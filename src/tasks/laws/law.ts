import type { WordStream } from '../../shared/random.ts';
import type { TokenChain } from './chain.ts';

/** What a law needs to know besides the sequence's length. */
export interface LawParameters {
  vocabulary: number;
  alphaThousandths: number;
  /** Tokens that the next one depends on; used by `dirichlet-markov`. */
  order: number;
}

/**
 * A law that token sequences are drawn from (docs/theory.md §3): integer arithmetic only, so that the WGSL and TypeScript twins agree bit
 * for bit on every adapter. A new law is one file that exports one of these, and one line in `registry.ts`.
 */
export interface Law {
  /** Draws `length` tokens of 0…vocabulary−1. */
  draw(stream: WordStream, length: number, parameters: LawParameters): Uint8Array;
  /** Draws the ergodic law that a sequence's tokens follow once its random parameters are fixed: `draw` is the mixture of these. */
  prior(stream: WordStream, parameters: LawParameters): TokenChain;
  /** u32 words of scratch memory that the WGSL twin needs for each sequence, as `scratch` at binding 5. */
  scratchWords(vocabulary: number, order: number): number;
  /**
   * `fn draw_tokens(stream: ptr<function, WordStream>, row: u32, length: u32, alpha: u32)`, which calls
   * `put_token(row, i, token)` for i = 1…length in order. Constants `S` (vocabulary) and `ORDER` are there.
   */
  wgsl: string;
}

/** α is counted in thousandths, and so are the balls of an urn: one drawn token is this many. */
export const ONE = 1000;
