import { z } from 'zod';
import { below } from '../../shared/random.ts';
import { oneHot, type Task } from '../task.ts';

/**
 * Dyck-1: whether brackets, ( = 0 and ) = 1, are balanced (class 1), at every prefix. A string of length T ≥ 2 has as many of each, and T
 * − 1 tokens where T is odd; with probability 1/2 it is balanced, every such word as likely, else its order is uniform. So a count does not
 * tell one from the other. A balanced word is drawn token by token (Arnold and Sleep, ACM TOPLAS 2(1), 1980): with r tokens to come at
 * depth d, the next opens with probability (d + 2) (r − d) / (2 r (d + 1)).
 *
 * Examples: `( ) ( )` → balanced; `) (` → not; `( (` → not.
 */
export const dyck1: Task = {
  kind: 'dyck-1',
  summary: 'whether brackets of one kind are balanced',
  knobs: z.strictObject({}),
  complexity: [],
  shape: () => ({ vocabulary: 2, outputs: 2, period: 1, locality: 0, layers: 1, order: 0 }),
  law: {
    shortest: 2,
    // 2 r (d + 1) stays below 2^32.
    longest: () => 2 ** 15,
    scratchWords: () => 0,
    draw(stream, length) {
      const even = length - (length % 2);
      const balanced = below(stream.next(), 2) === 1;
      let depth = 0;
      return Uint8Array.from({ length: even }, (_, i) => {
        const left = even - i;
        const word = stream.next();
        const opens = balanced
          ? below(word, 2 * left * (depth + 1)) < (depth + 2) * (left - depth)
          : below(word, 2 * left) < left - depth;
        depth += opens ? 1 : -1;
        return opens ? 0 : 1;
      });
    },
    wgsl: /* wgsl */ `
fn draw_tokens(stream: ptr<function, WordStream>, row: u32, length: u32, replica: Replica) -> u32 {
  let even = length - length % 2u;
  let balanced = below(next_word(stream), 2u) == 1u;
  var depth = 0;
  for (var i = 0u; i < even; i++) {
    let left = i32(even - i);
    let word = next_word(stream);
    var opens = false;
    if (balanced) {
      opens = below(word, u32(2 * left * (depth + 1))) < u32((depth + 2) * (left - depth));
    } else {
      opens = below(word, u32(2 * left)) < u32(left - depth);
    }
    depth += select(-1, 1, opens);
    put_token(row, i + 1u, select(1u, 0u, opens));
  }
  return even;
}`,
  },
  classes: true,
  targets(tokens, _, reads) {
    let depth = 0;
    let broken = false;
    let i = 0;
    return reads.map(length => {
      for (; i < length; i++) {
        depth += tokens[i] === 0 ? 1 : -1;
        broken ||= depth < 0;
      }
      return oneHot(depth === 0 && !broken ? 1 : 0, 2);
    });
  },
  wgslKnobs: () => [0, 0, 0, 0],
  wgsl: /* wgsl */ `
fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>) {
  var depth = 0;
  var broken = false;
  for (var i = 1u; i <= length; i++) {
    depth += select(-1, 1, token_at(sequence, i) == 0u);
    broken = broken || depth < 0;
    if (wanted(i)) { set_class(select(0u, 1u, depth == 0 && !broken)); }
  }
}`,
  examples: [
    { knobs: {}, tokens: [0, 1, 0, 1], target: [0, 1] },
    { knobs: {}, tokens: [1, 0], target: [1, 0] },
    { knobs: {}, tokens: [0, 0], target: [1, 0] },
  ],
};
