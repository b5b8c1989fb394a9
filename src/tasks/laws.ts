import type { Law } from '../shared/protocol.ts';
import { below, WordStream } from '../shared/random.ts';

/** What a law needs to know besides the sequence's length. */
export interface LawParameters {
  vocabulary: number;
  alphaThousandths: number;
  /** Tokens that the next one depends on; used by `dirichlet-markov`. */
  order: number;
}

/**
 * The laws that token sequences are drawn from (theory.md §3). All are integer arithmetic only, so that the WGSL
 * and TypeScript twins agree bit for bit on every adapter.
 *
 * `dirichlet-iid` (each sequence draws its token law from Dir(α), then tokens iid) is drawn as a **Pólya urn**: the
 * next token is s with probability (α + n_s)/(S α + n), n counting the tokens so far. Integrating the Dirichlet law out
 * gives exactly this sequence, and no gamma variate is needed. α is counted in thousandths.
 *
 * `dirichlet-markov` (an order-k chain whose rows are independent Dir(α); its first k tokens uniform) has one such urn for
 * each context of k tokens.
 */
export interface LawSampler {
  law: Law;
  /** Draws `length` tokens of 0…vocabulary−1. */
  draw(stream: WordStream, length: number, parameters: LawParameters): Uint8Array;
  /** u32 words of scratch memory that the WGSL twin needs for each sequence, as `scratch` at binding 5. */
  scratchWords(vocabulary: number, order: number): number;
  /**
   * `fn draw_tokens(stream: ptr<function, WordStream>, row: u32, length: u32, alpha: u32)`, which calls
   * `put_token(row, i, token)` for i = 1…length in order. Constants `S` (vocabulary) and `ORDER` are there.
   */
  wgsl: string;
}

const ONE = 1000;

const dirichletIid: LawSampler = {
  law: 'dirichlet-iid',
  scratchWords: () => 0,
  draw(stream, length, { vocabulary, alphaThousandths: alpha }) {
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
fn draw_tokens(stream: ptr<function, WordStream>, row: u32, length: u32, alpha: u32) {
  var weights: array<u32, S>;
  for (var s = 0u; s < S; s++) { weights[s] = alpha; }
  for (var i = 0u; i < length; i++) {
    var rest = below(next_word(stream), S * alpha + 1000u * i);
    var token = 0u;
    while (token < S - 1u && rest >= weights[token]) { rest -= weights[token]; token++; }
    weights[token] += 1000u;
    put_token(row, i + 1u, token);
  }
}`,
};

const dirichletMarkov: LawSampler = {
  law: 'dirichlet-markov',
  scratchWords: (vocabulary, order) => vocabulary ** (order + 1),
  draw(stream, length, { vocabulary, alphaThousandths: alpha, order }) {
    const contexts = vocabulary ** order;
    const urns = new Uint32Array(contexts * vocabulary).fill(alpha);
    const tokens = new Uint8Array(length);
    let context = 0;
    for (let i = 0; i < length; i++) {
      const word = stream.next();
      let token = 0;
      if (i < order) {
        token = below(word, vocabulary);
      } else {
        const urn = urns.subarray(context * vocabulary, (context + 1) * vocabulary);
        let rest = below(
          word,
          urn.reduce((sum, weight) => sum + weight, 0),
        );
        while (token < vocabulary - 1 && rest >= urn[token]!) rest -= urn[token++]!;
        urn[token]! += ONE;
      }
      tokens[i] = token;
      context = (context * vocabulary + token) % contexts;
    }
    return tokens;
  },
  wgsl: /* wgsl */ `
@group(0) @binding(5) var<storage, read_write> scratch: array<u32>;

fn draw_tokens(stream: ptr<function, WordStream>, row: u32, length: u32, alpha: u32) {
  var contexts = 1u;
  for (var i = 0u; i < ORDER; i++) { contexts *= S; }
  let urns = row * contexts * S;
  for (var i = 0u; i < contexts * S; i++) { scratch[urns + i] = alpha; }
  var context = 0u;
  for (var i = 0u; i < length; i++) {
    let word = next_word(stream);
    var token = 0u;
    if (i < ORDER) {
      token = below(word, S);
    } else {
      let urn = urns + context * S;
      var total = 0u;
      for (var s = 0u; s < S; s++) { total += scratch[urn + s]; }
      var rest = below(word, total);
      while (token < S - 1u && rest >= scratch[urn + token]) { rest -= scratch[urn + token]; token++; }
      scratch[urn + token] += 1000u;
    }
    put_token(row, i + 1u, token);
    context = (context * S + token) % contexts;
  }
}`,
};

const uniformIid: LawSampler = {
  law: 'uniform-iid',
  scratchWords: () => 0,
  draw(stream, length, { vocabulary }) {
    return Uint8Array.from({ length }, () => below(stream.next(), vocabulary));
  },
  wgsl: /* wgsl */ `
fn draw_tokens(stream: ptr<function, WordStream>, row: u32, length: u32, alpha: u32) {
  for (var i = 1u; i <= length; i++) { put_token(row, i, below(next_word(stream), S)); }
}`,
};

/** Every law by its name in the YAML. */
export const LAWS: Record<Law, LawSampler> = {
  'dirichlet-iid': dirichletIid,
  'dirichlet-markov': dirichletMarkov,
  'uniform-iid': uniformIid,
};

/** Longest sequence for which the urn's integers stay below 2^32. */
export function longestSequence(vocabulary: number, alphaThousandths: number): number {
  return Math.floor((0xffffffff - vocabulary * alphaThousandths) / ONE);
}

/** A law with its parameters, and the stream that sequences are numbered in. */
export interface TokenSource extends LawParameters {
  law: Law;
  key: number;
}

/** Sequence number `sequence` of a source, `length` tokens. A longer one begins with the same tokens. */
export function drawTokens(
  { law, key, ...parameters }: TokenSource,
  sequence: number,
  length: number,
): Uint8Array {
  return LAWS[law].draw(new WordStream(key, 0, sequence), length, parameters);
}
