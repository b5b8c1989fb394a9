import { z } from 'zod';
import { framed, framedExample } from './framed.ts';
import { UNIFORM_ONES } from './inputs.ts';

/** Whether an input has more ones than zeros, fewer, or as many. */
const lead = (input: readonly number[]) => 2 * input.filter(bit => bit === 1).length - input.length;

/**
 * Binary majority (Huang et al. 2025): the bit that stands more often in the input. The number of ones is uniform on 0…n without n/2,
 * their order uniform.
 *
 * Examples: `<bos> 1 0 1 <sep>` → 1; `<bos> 0 <sep>` → 0; `<bos> 0 <sep> 0` → <eos>.
 */
export const binaryMajority = framed({
  kind: 'binary-majority',
  summary: 'the bit that stands more often in the input (Huang et al. 2025)',
  knobs: z.strictObject({}),
  complexity: [],
  symbols: () => 2,
  layers: 1,
  tokens: { each: 1, more: 3 },
  draw(stream, n, symbols) {
    for (;;) {
      const input = UNIFORM_ONES.draw(stream, n, symbols);
      if (lead(input) !== 0) return input;
    }
  },
  drawWgsl: /* wgsl */ `
fn draw_input(stream: ptr<function, WordStream>, row: u32, n: u32) {
  loop {
    var ones = 0u;
    for (var i = 1u; i <= n; i++) {
      let bit = select(0u, 1u, below(next_word(stream), i + 1u) < ones + 1u);
      ones += bit;
      put_symbol(row, i, bit);
    }
    if (2u * ones != n) { break; }
  }
}
`,
  answer: input => [lead(input) > 0 ? 1 : 0],
  answerWgsl: /* wgsl */ `
fn find_answer(row: u32, n: u32) -> u32 { return 1u; }

fn answer_at(row: u32, n: u32, j: u32) -> u32 {
  var ones = 0u;
  for (var i = 1u; i <= n; i++) { ones += select(0u, 1u, symbol_at(row, i) == 1u); }
  return select(0u, 1u, 2u * ones > n);
}
`,
  examples: [
    framedExample({}, 2, [1, 0, 1], [], 1),
    framedExample({}, 2, [0], [], 0),
    framedExample({}, 2, [0], [0], 'end'),
  ],
});
