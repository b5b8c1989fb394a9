import type { WordStream } from '../../shared/random.ts';
import type { Room } from '../../shared/task.ts';
import type { TokenChain } from './chain.ts';

/** What a law needs to know besides the sequence's length. */
export interface LawParameters {
  vocabulary: number;
  alphaThousandths: number;
  /** Tokens that the next one depends on; used by `dirichlet-markov`. */
  order: number;
  /** Knobs of the task, for a law that is a task's own. */
  knobs?: Record<string, number>;
}

/**
 * A law that token sequences are drawn from (docs/theory.md §3): integer arithmetic only, so that the WGSL and TypeScript twins agree bit
 * for bit on every adapter. A new law is one file that exports one of these, and one line in `registry.ts`.
 */
export interface Law {
  /** Draws a sequence of a length, which may be of its input alone: tokens of 0…vocabulary−1. */
  draw(stream: WordStream, length: number, parameters: LawParameters): Uint8Array;
  /** How many tokens a sequence of a length has, at most; as many as the length unless given. */
  tokens?: Room;
  /** The lengths that there are: from 1 on unless given. */
  shortest?: number;
  longest?(knobs: Record<string, number>): number;
  /** u32 words of scratch memory that the WGSL twin needs for each sequence, as `scratch` at binding 5. */
  scratchWords(vocabulary: number, order: number): number;
  /**
   * `fn draw_tokens(stream: ptr<function, WordStream>, row: u32, length: u32, replica: Replica) -> u32`, which calls
   * `put_token(row, i, token)` for i = 1, 2, … in order, may begin again at 1, and gives the number of tokens; `token_at(row, i)` reads
   * one that was put. Constants `S` (vocabulary) and `ORDER` are there. Empty, of a task's own law alone: sequences are drawn on the host.
   */
  wgsl: string;
}

/** A law of which the strings, once its random parameters are fixed, are those of an ergodic chain: what theory is about. */
export interface ErgodicLaw extends Law {
  /** Draws that chain: `draw` is the mixture of these. */
  prior(stream: WordStream, parameters: LawParameters): TokenChain;
}

/** α is counted in thousandths, and so are the balls of an urn: one drawn token is this many. */
export const ONE = 1000;
