import { z } from 'zod';
import { below } from '../../shared/random.ts';
import { framed, framedExample } from './framed.ts';

/** Interleaved inputs, as published. */
const STRANDS = 3;

/** Ones less zeros of each strand: the bits i ≡ r (mod 3). */
function leads(input: readonly number[]): number[] {
  const sums = Array<number>(STRANDS).fill(0);
  input.forEach((bit, i) => {
    sums[i % STRANDS]! += bit === 1 ? 1 : -1;
  });
  return sums;
}

/**
 * Majority interleave (Huang et al. 2025): three inputs of binary majority, their bits taken in turn; the answer is the majority of each.
 * The input has the multiple of 3 at or below the length (they round to the nearest).
 *
 * Examples: `<bos> 1 0 0 <sep>` → 1; `<bos> 1 0 0 <sep> 1` → 0; `<bos> 1 0 0 <sep> 1 0 0` → <eos>.
 */
export const majorityInterleave = framed({
  kind: 'majority-interleave',
  summary: 'binary majority of each of three interleaved inputs (Huang et al. 2025)',
  knobs: z.strictObject({}),
  complexity: [],
  symbols: () => 2,
  layers: 2,
  inputLength: {
    of: length => length - (length % STRANDS),
    wgsl: `
fn input_length(length: u32) -> u32 { return length - length % 3u; }
`,
  },
  shortest: STRANDS,
  tokens: { each: 1, more: 2 + STRANDS },
  draw(stream, n) {
    for (;;) {
      const ones = Array<number>(STRANDS).fill(0);
      const input = Array.from({ length: n }, (_, i) => {
        const bit = below(stream.next(), Math.floor(i / STRANDS) + 2) < ones[i % STRANDS]! + 1 ? 1 : 0;
        ones[i % STRANDS]! += bit;
        return bit;
      });
      if (leads(input).every(lead => lead !== 0)) return input;
    }
  },
  drawWgsl: /* wgsl */ `
fn draw_input(stream: ptr<function, WordStream>, row: u32, n: u32) {
  loop {
    var ones: array<u32, 3>;
    for (var r = 0u; r < 3u; r++) { ones[r] = 0u; }
    for (var i = 0u; i < n; i++) {
      let bit = select(0u, 1u, below(next_word(stream), i / 3u + 2u) < ones[i % 3u] + 1u);
      ones[i % 3u] += bit;
      put_symbol(row, i + 1u, bit);
    }
    if (6u * ones[0] != n && 6u * ones[1] != n && 6u * ones[2] != n) { break; }
  }
}
`,
  answer: input => leads(input).map(lead => (lead > 0 ? 1 : 0)),
  answerWgsl: /* wgsl */ `
fn find_answer(row: u32, n: u32) -> u32 { return 3u; }

fn answer_at(row: u32, n: u32, j: u32) -> u32 {
  var lead = 0;
  for (var i = j + 1u; i <= n; i += 3u) { lead += select(-1, 1, symbol_at(row, i) == 1u); }
  return select(0u, 1u, lead > 0);
}
`,
  examples: [
    framedExample({}, 2, [1, 0, 0], [], 1),
    framedExample({}, 2, [1, 0, 0], [1], 0),
    framedExample({}, 2, [1, 0, 0], [1, 0, 0], 'end'),
  ],
});
