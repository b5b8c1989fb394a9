import { z } from 'zod';
import { framed, framedExample } from './framed.ts';
import { UNIFORM_ONES } from './inputs.ts';

/** The symbols of the answer, after the bits. */
const [EVEN, ODD] = [2, 3];

/**
 * Parity (Huang et al. 2025): whether the input has an even (symbol 2) or an odd (3) number of ones. That number is uniform on 0…n, the
 * order of bits uniform. Inputs have a symbol or more (theirs may be empty).
 *
 * Examples: `<bos> 1 0 <sep>` → odd; `<bos> 1 1 <sep>` → even; `<bos> 1 1 <sep> even` → <eos>.
 */
export const parity = framed({
  ...UNIFORM_ONES,
  kind: 'parity',
  summary: 'whether the number of ones is even or odd (Huang et al. 2025)',
  knobs: z.strictObject({}),
  complexity: [],
  symbols: () => 4,
  layers: 1,
  tokens: { each: 1, more: 3 },
  answer: input => [input.filter(bit => bit === 1).length % 2 === 0 ? EVEN : ODD],
  answerWgsl: /* wgsl */ `
fn find_answer(row: u32, n: u32) -> u32 { return 1u; }

fn answer_at(row: u32, n: u32, j: u32) -> u32 {
  var odd = 0u;
  for (var i = 1u; i <= n; i++) { odd ^= select(0u, 1u, symbol_at(row, i) == 1u); }
  return 2u + odd;
}
`,
  examples: [
    framedExample({}, 4, [1, 0], [], ODD),
    framedExample({}, 4, [1, 1], [], EVEN),
    framedExample({}, 4, [1, 1], [EVEN], 'end'),
  ],
});
