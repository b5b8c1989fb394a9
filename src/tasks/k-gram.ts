import { z } from 'zod';
import { gramAt, gramFrequencies } from './laws/chain.ts';
import type { Task } from './task.ts';

/**
 * In-context k-gram(S, k), docs/theory.md §3: among the positions t whose k predecessors equal the last k tokens, the
 * fraction at which token s stands: `f*_s = #{t : x_{t−k:t−1} = x_{T−k+1:T}, x_t = s} / #{same, any s}`, t from k+1 to T;
 * uniform where nothing matches. A distribution over S tokens; an induction head computes it, so the model has two layers
 * and τ ≥ k.
 *
 * Examples, S = 2: k = 1: `0 1 0 0` → context 0 was followed by 1 and by 0 → (1/2, 1/2); k = 2: `1 0 1 1 0` → 1 0 was
 * followed by 1 → (0, 1); k = 1: `0 1` → 1 was never followed → uniform.
 */
export const kGram: Task = {
  kind: 'k-gram',
  summary: 'next-token frequencies after the last k tokens, counted in context; two layers',
  knobs: z.strictObject({
    vocabulary: z.int().min(2).max(64).describe('Number of tokens S.'),
    k: z.int().min(1).max(8).describe('Tokens of the context that is looked up.'),
  }),
  complexity: ['vocabulary', 'k'],
  shape: ({ vocabulary, k }) => ({
    vocabulary: vocabulary!,
    outputs: vocabulary!,
    period: 1,
    locality: k!,
    layers: 2,
    order: k!,
  }),
  refuse: ({ vocabulary, k }) =>
    vocabulary! ** (k! + 1) <= 65536
      ? undefined
      : `vocabulary^(k+1) = ${vocabulary! ** (k! + 1)} counters a sequence: it must be at most 65536`,
  targets(tokens, { vocabulary, k }, reads) {
    // What followed each context of k tokens so far.
    const contexts = vocabulary! ** k!;
    const followers = new Uint32Array(contexts * vocabulary!);
    let context = 0;
    let t = 0;
    return reads.map(length => {
      for (; t < length; t++) {
        const token = tokens[t]!;
        if (t >= k!) followers[context * vocabulary! + token]!++;
        context = (context * vocabulary! + token) % contexts;
      }
      const counts = followers.subarray(context * vocabulary!, (context + 1) * vocabulary!);
      const total = counts.reduce((a, b) => a + b, 0);
      return Array.from(counts, count => (total === 0 ? 1 / vocabulary! : count / total));
    });
  },
  limit(chain, { vocabulary, k }) {
    const grams = gramFrequencies(chain, k! + 1);
    return last => {
      const context = gramAt(last, k!, vocabulary!);
      const followers = grams.subarray(context * vocabulary!, (context + 1) * vocabulary!);
      const total = followers.reduce((a, b) => a + b, 0);
      return Array.from(followers, share => share / total);
    };
  },
  // In the limit f* is a row of the chain, or the law of the tokens: Dir(α) over S tokens, whose variances add up to (S − 1) / (S (S α +
  // 1)).
  limitVariance: ({ vocabulary: S }, law, alpha) =>
    law.startsWith('dirichlet') ? (S! - 1) / (S! * (S! * alpha + 1)) : undefined,
  wgslKnobs: ({ k }) => [k!, 0, 0, 0],
  scratchWords: ({ vocabulary, k }) => vocabulary! ** (k! + 1),
  wgsl: /* wgsl */ `
#if MANY_READS
  @group(0) @binding(7) var<storage, read_write> scratch: array<u32>;

  // What followed each context of k tokens so far.
  fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>) {
    let k = u32(knobs.x);
    var contexts = 1u;
    for (var i = 0u; i < k; i++) { contexts *= S; }
    let followers = sequence * contexts * S;
    for (var i = 0u; i < contexts * S; i++) { scratch[followers + i] = 0u; }
    var context = 0u;
    for (var t = 1u; t <= length; t++) {
      let token = token_at(sequence, t);
      if (t > k) { scratch[followers + context * S + token] += 1u; }
      context = (context * S + token) % contexts;
      if (wanted(t)) {
        var total = 0u;
        for (var s = 0u; s < S; s++) { total += scratch[followers + context * S + s]; }
        for (var s = 0u; s < S; s++) {
          let count = scratch[followers + context * S + s];
          set_target(s, exact_ratio(select(count, 1u, total == 0u), select(total, S, total == 0u)));
        }
      }
    }
  }
#else
  // One context alone needs no table: what followed it, in a second walk.
  fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>) {
    let k = u32(knobs.x);
    var counts: array<u32, S>;
    var total = 0u;
    if (length > k) {
      var contexts = 1u;
      for (var i = 0u; i < k; i++) { contexts *= S; }
      var sought = 0u;
      for (var i = length - k + 1u; i <= length; i++) { sought = sought * S + token_at(sequence, i); }
      var context = 0u;
      for (var t = 1u; t <= length; t++) {
        let token = token_at(sequence, t);
        if (t > k && context == sought) {
          counts[token] += 1u;
          total += 1u;
        }
        context = (context * S + token) % contexts;
      }
    }
    if (wanted(length)) {
      for (var s = 0u; s < S; s++) {
        set_target(s, exact_ratio(select(counts[s], 1u, total == 0u), select(total, S, total == 0u)));
      }
    }
  }
#end`,
  examples: [
    { knobs: { vocabulary: 2, k: 1 }, tokens: [0, 1, 0, 0], target: [1 / 2, 1 / 2] },
    { knobs: { vocabulary: 2, k: 2 }, tokens: [1, 0, 1, 1, 0], target: [0, 1] },
    { knobs: { vocabulary: 2, k: 1 }, tokens: [0, 1], target: [1 / 2, 1 / 2] },
    { knobs: { vocabulary: 3, k: 2 }, tokens: [2], target: [1 / 3, 1 / 3, 1 / 3] },
  ],
};
