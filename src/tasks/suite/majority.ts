import { z } from 'zod';
import { framed, framedExample } from './framed.ts';
import { UNIFORM } from './inputs.ts';

/** How often each symbol stands in an input. */
function countsOf(input: readonly number[], symbols: number): number[] {
  const counts = Array<number>(symbols).fill(0);
  for (const symbol of input) if (symbol < symbols) counts[symbol]!++;
  return counts;
}

/**
 * Majority (Huang et al. 2025, 26 letters): the symbol that stands most often in the input; the first of several. Symbols are iid and
 * uniform, on condition that one alone stands most often.
 *
 * Examples: `<bos> 2 0 2 <sep>` → 2; `<bos> 1 <sep> 1` → <eos>.
 */
export const majority = framed({
  kind: 'majority',
  summary: 'the symbol that stands most often in the input (Huang et al. 2025)',
  knobs: z.strictObject({ symbols: z.int().min(2).max(250).describe('Symbols that an input may have.') }),
  complexity: ['symbols'],
  symbols: ({ symbols }) => symbols!,
  layers: 1,
  tokens: { each: 1, more: 3 },
  draw(stream, n, symbols) {
    for (;;) {
      const input = UNIFORM.draw(stream, n, symbols);
      const counts = countsOf(input, symbols);
      const most = Math.max(...counts);
      if (counts.filter(count => count === most).length === 1) return input;
    }
  },
  drawWgsl: /* wgsl */ `
fn draw_input(stream: ptr<function, WordStream>, row: u32, n: u32) {
  loop {
    var counts: array<u32, S>;
    for (var s = 0u; s < S; s++) { counts[s] = 0u; }
    for (var i = 1u; i <= n; i++) {
      let symbol = below(next_word(stream), S - 3u);
      counts[symbol] += 1u;
      put_symbol(row, i, symbol);
    }
    var most = 0u;
    var leaders = 0u;
    for (var s = 0u; s < S - 3u; s++) {
      if (counts[s] == most) { leaders += 1u; }
      if (counts[s] > most) { most = counts[s]; leaders = 1u; }
    }
    if (leaders == 1u) { break; }
  }
}
`,
  answer(input, symbols) {
    const counts = countsOf(input, symbols);
    return [counts.indexOf(Math.max(...counts))];
  },
  answerWgsl: /* wgsl */ `
fn find_answer(row: u32, n: u32) -> u32 { return 1u; }

fn answer_at(row: u32, n: u32, j: u32) -> u32 {
  var counts: array<u32, S>;
  for (var s = 0u; s < S; s++) { counts[s] = 0u; }
  for (var i = 1u; i <= n; i++) { counts[symbol_at(row, i)] += 1u; }
  var best = 0u;
  for (var s = 1u; s < S - 3u; s++) { if (counts[s] > counts[best]) { best = s; } }
  return best;
}
`,
  examples: [
    framedExample({ symbols: 3 }, 3, [2, 0, 2], [], 2),
    framedExample({ symbols: 3 }, 3, [1], [1], 'end'),
  ],
});
