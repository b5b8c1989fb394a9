import { z } from 'zod';
import { gramFrequencies } from './laws/chain.ts';
import type { Task } from './task.ts';

/**
 * SimpleTask(ω), docs/theory.md §3: `f*(x) = sin(ω (c0 − c1)/(c0 + c1))`, where c_s counts token s. Positions do not
 * matter; ω sets how fast the target turns with the token frequencies.
 *
 * Examples: ω = 1: `0 0 0` → sin 1; ω = 2: `0 1` → 0; ω = 3: `1 1 1 0` → sin(−1.5).
 */
export const simple: Task = {
  kind: 'simple',
  summary: 'sin of the token balance; omega sets its frequency',
  knobs: z.strictObject({
    omega: z
      .number()
      .positive()
      .max(1000)
      .describe('Frequency ω: how fast the target turns with the share of ones.'),
  }),
  complexity: ['omega'],
  shape: () => ({ vocabulary: 2, outputs: 1, period: 1, locality: 0, layers: 1, order: 0 }),
  targets(tokens, { omega }, reads) {
    let ones = 0;
    let i = 0;
    return reads.map(length => {
      for (; i < length; i++) ones += tokens[i]!;
      return [Math.sin((omega! * (length - 2 * ones)) / length)];
    });
  },
  limit(chain, { omega }) {
    // The mean over the residues that a chain may tell apart.
    const balances = chain.rows
      .map((_, residue) => gramFrequencies(chain, 1, residue))
      .map(([a, b]) => a! - b!);
    const balance = chain.order > 0 ? balances[0]! : balances.reduce((a, b) => a + b, 0) / balances.length;
    return () => [Math.sin(omega! * balance)];
  },
  // Of the share of ones, the body's tokens moved, Δ/4 for the residues' own shares, and τ + 1 for the suffix, which weighs more in z.
  shortError: ({ omega }, { length, period, locality, moved }) =>
    Math.min(2, (2 * omega! * (period * moved + (period > 1 ? period / 4 : 0) + locality + 1)) / length),
  wgslKnobs: ({ omega }) => [omega!, 0, 0, 0],
  wgsl: /* wgsl */ `
fn sine_of_balance(omega: f32, ones: u32, length: u32) -> f32 {
  return precise_sin(omega * (f32(i32(length) - 2 * i32(ones)) / f32(length)));
}

fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>) {
  var ones = 0u;
  for (var i = 1u; i <= length; i++) {
    ones += token_at(sequence, i);
    #if MANY_READS
      if (wanted(i)) { set_target(0u, sine_of_balance(knobs.x, ones, i)); }
    #end
  }
  #if !MANY_READS
    if (wanted(length)) { set_target(0u, sine_of_balance(knobs.x, ones, length)); }
  #end
}`,
  examples: [
    { knobs: { omega: 1 }, tokens: [0, 0, 0], target: [Math.sin(1)] },
    { knobs: { omega: 2 }, tokens: [0, 1], target: [0] },
    { knobs: { omega: 3 }, tokens: [1, 1, 1, 0], target: [Math.sin(-1.5)] },
  ],
};
