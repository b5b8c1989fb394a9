import { z } from 'zod';
import { below } from '../../shared/random.ts';
import { oneHot, type Task } from '../task.ts';

/**
 * Modular arithmetic without brackets (Delétang et al. 2023, modulus 5): the value of an expression of numbers 0…p−1 and the operators +
 * (p),
 * − (p + 1) and × (p + 2), × before the others. Numbers and operators are iid and uniform; an even length loses its last token. Prefixes
 * that end in a number have a target; others have none.
 *
 * Examples, p = 5: `1 + 2 × 3` → 2; `1 − 1 − 1` → 4; `0 × 1 + 4 × 3 − 2` → 0.
 */
export const modularArithmetic: Task = {
  kind: 'modular-arithmetic',
  summary: 'the value of a sum of products modulo p (Delétang et al. 2023)',
  knobs: z.strictObject({ p: z.int().min(2).max(64).describe('Modulus p of the arithmetic.') }),
  complexity: ['p'],
  shape: ({ p }) => ({ vocabulary: p! + 3, outputs: p!, period: 1, locality: 0, layers: 1, order: 0 }),
  law: {
    scratchWords: () => 0,
    draw: (stream, length, { vocabulary }) =>
      Uint8Array.from({ length: length - ((length + 1) % 2) }, (_, i) =>
        i % 2 === 0 ? below(stream.next(), vocabulary - 3) : vocabulary - 3 + below(stream.next(), 3),
      ),
    wgsl: /* wgsl */ `
fn draw_tokens(stream: ptr<function, WordStream>, row: u32, length: u32, replica: Replica) -> u32 {
  let odd = length - (length + 1u) % 2u;
  for (var i = 1u; i <= odd; i++) {
    if (i % 2u == 1u) {
      put_token(row, i, below(next_word(stream), S - 3u));
    } else {
      put_token(row, i, S - 3u + below(next_word(stream), 3u));
    }
  }
  return odd;
}`,
  },
  classes: true,
  targets(tokens, { p }, reads) {
    // The terms before the one in hand, and its product, with its sign.
    let sum = 0;
    let product = 1;
    let i = 0;
    return reads.map(length => {
      for (; i < length; i++) {
        const token = tokens[i]!;
        if (token < p!) {
          product = (product * token) % p!;
        } else if (token < p! + 2) {
          sum = (sum + product) % p!;
          product = token === p! ? 1 : p! - 1;
        }
      }
      return tokens[length - 1]! < p! ? oneHot((sum + product) % p!, p!) : null;
    });
  },
  wgslKnobs: () => [0, 0, 0, 0],
  wgsl: /* wgsl */ `
fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>) {
  var sum = 0u;
  var product = 1u;
  for (var i = 1u; i <= length; i++) {
    let token = token_at(sequence, i);
    if (token < O) {
      product = (product * token) % O;
    } else if (token < O + 2u) {
      sum = (sum + product) % O;
      product = select(O - 1u, 1u, token == O);
    }
    if (wanted(i) && token < O) { set_class((sum + product) % O); }
  }
}`,
  examples: [
    { knobs: { p: 5 }, tokens: [1, 5, 2, 7, 3], target: oneHot(2, 5) },
    { knobs: { p: 5 }, tokens: [1, 6, 1, 6, 1], target: oneHot(4, 5) },
    { knobs: { p: 5 }, tokens: [0, 7, 1, 5, 4, 7, 3, 6, 2], target: oneHot(0, 5) },
  ],
};
