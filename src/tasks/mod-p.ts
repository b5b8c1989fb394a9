import { z } from 'zod';
import { gramFrequencies } from './laws/chain.ts';
import type { Task } from './task.ts';

/**
 * ModPTask(p, k), docs/theory.md §3: the mean of `1(x_t = 1)` over positions `t ≡ k (mod p)`, t from 1; 0 where there is
 * no such position. The model's period Δ is p.
 *
 * Examples: p = 2, k = 1: `1 0 0 0` → 1/2 (positions 1, 3); p = 3, k = 0: `1 1` → 0 (no position 3 yet);
 * p = 1, k = 0: `0 1 1 1` → 3/4.
 */
export const modP: Task = {
  kind: 'mod-p',
  summary: 'mean of ones over positions t ≡ k (mod p); the model has period p',
  knobs: z.strictObject({
    p: z.int().min(1).max(128).describe('Modulus p: one position in p counts.'),
    k: z.int().min(0).describe('Residue k < p: positions t ≡ k (mod p) count, t from 1.'),
  }),
  complexity: ['p'],
  shape: ({ p }) => ({ vocabulary: 2, outputs: 1, period: p!, locality: 0, layers: 1, order: 0 }),
  refuse: ({ p, k }) => (k! < p! ? undefined : `k = ${k} is not a residue mod p = ${p}: it must be below p`),
  targets(tokens, { p, k }, reads) {
    let ones = 0;
    let positions = 0;
    let t = 1;
    return reads.map(length => {
      for (; t <= length; t++) {
        if (t % p! !== k) continue;
        ones += tokens[t - 1]!;
        positions++;
      }
      return [positions === 0 ? 0 : ones / positions];
    });
  },
  limit(chain, { k }) {
    const share = gramFrequencies(chain, 1, k)[1]!;
    return () => [share];
  },
  // The positions are g of the model's residue classes, or parts of one, which z need not keep; else as for the share of ones of
  // SimpleTask.
  shortError({ p }, { length, period, locality, moved }) {
    const g = period / p!;
    if (!Number.isInteger(g)) return undefined;
    const suffix = Math.ceil((locality + 1) / p!);
    return Math.min(1, (g * moved + (g > 1 ? g / 4 : 0) + suffix) / Math.floor(length / p!));
  },
  wgslKnobs: ({ p, k }) => [p!, k!, 0, 0],
  wgsl: /* wgsl */ `
fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>) {
  let p = u32(knobs.x);
  let k = u32(knobs.y);
  var ones = 0u;
  var positions = 0u;
  var next = select(k, p, k == 0u);
  #if MANY_READS
    for (var t = 1u; t <= length; t++) {
      if (t == next) {
        ones += token_at(sequence, t);
        positions += 1u;
        next += p;
      }
      if (wanted(t)) { set_target(0u, exact_ratio(ones, max(positions, 1u))); }
    }
  #else
    for (; next <= length; next += p) {
      ones += token_at(sequence, next);
      positions += 1u;
    }
    if (wanted(length)) { set_target(0u, exact_ratio(ones, max(positions, 1u))); }
  #end
}`,
  examples: [
    { knobs: { p: 2, k: 1 }, tokens: [1, 0, 0, 0], target: [1 / 2] },
    { knobs: { p: 3, k: 0 }, tokens: [1, 1], target: [0] },
    { knobs: { p: 1, k: 0 }, tokens: [0, 1, 1, 1], target: [3 / 4] },
  ],
};
