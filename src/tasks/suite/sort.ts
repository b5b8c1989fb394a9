import { z } from 'zod';
import { framed, framedExample } from './framed.ts';
import { DISTINCT } from './inputs.ts';

/**
 * Sort (Huang et al. 2025, 150 symbols): the input in rising order, its symbols all different, every arrangement as likely.
 *
 * Examples: `<bos> 4 1 <sep>` → 1; `<bos> 4 1 <sep> 1` → 4; `<bos> 4 1 <sep> 1 4` → <eos>.
 */
export const sort = framed({
  ...DISTINCT,
  kind: 'sort',
  summary: 'the input in rising order, its symbols all different (Huang et al. 2025)',
  knobs: z.strictObject({ symbols: z.int().min(2).max(250).describe('Symbols that an input may have.') }),
  complexity: ['symbols'],
  symbols: ({ symbols }) => symbols!,
  layers: 1,
  longest: ({ symbols }) => symbols!,
  tokens: { each: 2, more: 2 },
  answer: input => [...input].sort((a, b) => a - b),
  answerWgsl: /* wgsl */ `
var<private> counts: array<u32, S>;
// The symbol in hand, and how often it is still to come.
var<private> symbol: u32;

fn find_answer(row: u32, n: u32) -> u32 {
  for (var s = 0u; s < S; s++) { counts[s] = 0u; }
  for (var i = 1u; i <= n; i++) { counts[symbol_at(row, i)] += 1u; }
  symbol = 0u;
  return n;
}

fn answer_at(row: u32, n: u32, j: u32) -> u32 {
  while (counts[symbol] == 0u) { symbol += 1u; }
  counts[symbol] -= 1u;
  return symbol;
}
`,
  examples: [
    framedExample({ symbols: 5 }, 5, [4, 1], [], 1),
    framedExample({ symbols: 5 }, 5, [4, 1], [1], 4),
    framedExample({ symbols: 5 }, 5, [4, 1], [1, 4], 'end'),
  ],
});
