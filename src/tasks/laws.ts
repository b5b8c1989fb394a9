import type { Law } from '../shared/protocol.ts';
import { below, type WordStream } from '../shared/random.ts';

/**
 * The laws that token sequences are drawn from (theory.md §3). Both are integer arithmetic only, so that the WGSL
 * and TypeScript twins agree bit for bit on every adapter.
 *
 * `dirichlet-iid` (each sequence draws its token law from Dir(α), then tokens iid) is drawn as a **Pólya urn**: the
 * next token is s with probability (α + n_s)/(S α + n), n counting the tokens so far. Integrating the Dirichlet law out
 * gives exactly this sequence, and no gamma variate is needed. α is counted in thousandths.
 */
export interface LawSampler {
  law: Law;
  /** Draws `length` tokens of 0…vocabulary−1. */
  draw(stream: WordStream, length: number, vocabulary: number, alphaThousandths: number): Uint8Array;
  /** `fn draw_tokens(stream: ptr<function, WordStream>, sequence: u32, length: u32, alpha: u32)`, which calls `put_token(sequence, i, token)` for i = 1…length in order. Constant `S` is the vocabulary. */
  wgsl: string;
}

const ONE = 1000;

const dirichletIid: LawSampler = {
  law: 'dirichlet-iid',
  draw(stream, length, vocabulary, alpha) {
    const weights = new Uint32Array(vocabulary).fill(alpha);
    const tokens = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      let rest = below(stream.next(), vocabulary * alpha + ONE * i);
      let token = 0;
      while (token < vocabulary - 1 && rest >= weights[token]!) rest -= weights[token++]!;
      weights[token]! += ONE;
      tokens[i] = token;
    }
    return tokens;
  },
  wgsl: /* wgsl */ `
fn draw_tokens(stream: ptr<function, WordStream>, sequence: u32, length: u32, alpha: u32) {
  var weights: array<u32, S>;
  for (var s = 0u; s < S; s++) { weights[s] = alpha; }
  for (var i = 0u; i < length; i++) {
    var rest = below(next_word(stream), S * alpha + 1000u * i);
    var token = 0u;
    while (token < S - 1u && rest >= weights[token]) { rest -= weights[token]; token++; }
    weights[token] += 1000u;
    put_token(sequence, i + 1u, token);
  }
}`,
};

const uniformIid: LawSampler = {
  law: 'uniform-iid',
  draw(stream, length, vocabulary) {
    return Uint8Array.from({ length }, () => below(stream.next(), vocabulary));
  },
  wgsl: /* wgsl */ `
fn draw_tokens(stream: ptr<function, WordStream>, sequence: u32, length: u32, alpha: u32) {
  for (var i = 1u; i <= length; i++) { put_token(sequence, i, below(next_word(stream), S)); }
}`,
};

/** Every law by its name in the YAML. */
export const LAWS: Record<Law, LawSampler> = { 'dirichlet-iid': dirichletIid, 'uniform-iid': uniformIid };

/** Longest sequence for which the urn's integers stay below 2^32. */
export function longestSequence(vocabulary: number, alphaThousandths: number): number {
  return Math.floor((0xffffffff - vocabulary * alphaThousandths) / ONE);
}
