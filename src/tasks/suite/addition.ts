import { z } from 'zod';
import { below, type WordStream } from '../../shared/random.ts';
import { framed, framedExample } from './framed.ts';

/** The symbol between the operands. */
const PLUS = 2;

/** A binary number of a length, most significant bit first; no leading zero but in a number of one bit. */
function drawOperand(stream: WordStream, length: number): number[] {
  return Array.from({ length }, (_, i) => (i === 0 && length > 1 ? 1 : below(stream.next(), 2)));
}

/** Bit b of an operand, from the least significant, 0 past its end. */
const bitOf = (operand: readonly number[], b: number) => (operand[operand.length - 1 - b] === 1 ? 1 : 0);

/**
 * Addition (Huang et al. 2025): binary numbers, most significant bit first, `<bos> x + y =` and then their sum; `=` is the separator. The
 * length counts both operands, `+` and `=`: it is 4 or more, the first operand's share of it uniform. Numbers of several bits begin with 1.
 *
 * Examples: `<bos> 1 1 + 1 =` → 1 (3 + 1 = 100); `<bos> 1 1 + 1 = 1 0` → 0; `<bos> 0 + 0 = 0` → <eos>.
 */
export const addition = framed({
  kind: 'addition',
  summary: 'the sum of two binary numbers (Huang et al. 2025)',
  knobs: z.strictObject({}),
  complexity: [],
  symbols: () => 3,
  layers: 2,
  inputLength: {
    of: length => length - 1,
    wgsl: `
fn input_length(length: u32) -> u32 { return length - 1u; }
`,
  },
  shortest: 4,
  // The longer operand leaves room for +, = and one bit; its sum may have a bit more.
  tokens: { each: 2, more: -1 },
  draw(stream, n) {
    const first = 1 + below(stream.next(), n - 2);
    return [...drawOperand(stream, first), PLUS, ...drawOperand(stream, n - 1 - first)];
  },
  drawWgsl: /* wgsl */ `
fn draw_operand(stream: ptr<function, WordStream>, row: u32, before: u32, length: u32) {
  for (var i = 1u; i <= length; i++) {
    var bit = 1u;
    if (i > 1u || length == 1u) { bit = below(next_word(stream), 2u); }
    put_symbol(row, before + i, bit);
  }
}

fn draw_input(stream: ptr<function, WordStream>, row: u32, n: u32) {
  let first = 1u + below(next_word(stream), n - 2u);
  draw_operand(stream, row, 0u, first);
  put_symbol(row, first + 1u, 2u);
  draw_operand(stream, row, first + 1u, n - 1u - first);
}
`,
  answer(input) {
    const at = input.indexOf(PLUS);
    const [x, y] = at < 0 ? [input, []] : [input.slice(0, at), input.slice(at + 1)];
    const sum: number[] = [];
    let carry = 0;
    for (let b = 0; b < Math.max(x.length, y.length); b++) {
      const total = bitOf(x, b) + bitOf(y, b) + carry;
      sum.unshift(total % 2);
      carry = total >> 1;
    }
    return carry ? [1, ...sum] : sum;
  },
  answerWgsl: /* wgsl */ `
// Bits of the two operands, and of the longer one.
var<private> first: u32;
var<private> second: u32;
var<private> longer: u32;

fn bit_of(row: u32, end: u32, length: u32, b: u32) -> u32 {
  if (b >= length) { return 0u; }
  return select(0u, 1u, symbol_at(row, end - b) == 1u);
}

// What the bits below b carry into it: the first from above at which the operands agree decides.
fn carry_into(row: u32, n: u32, b: u32) -> u32 {
  for (var k = b; k > 0u; k--) {
    let x = bit_of(row, first, first, k - 1u);
    if (x == bit_of(row, n, second, k - 1u)) { return x; }
  }
  return 0u;
}

fn find_answer(row: u32, n: u32) -> u32 {
  first = 0u;
  while (first < n && symbol_at(row, first + 1u) != 2u) { first += 1u; }
  second = n - min(n, first + 1u);
  longer = max(first, second);
  return longer + carry_into(row, n, longer);
}

fn answer_at(row: u32, n: u32, j: u32) -> u32 {
  let b = longer + carry_into(row, n, longer) - 1u - j;
  return (bit_of(row, first, first, b) + bit_of(row, n, second, b) + carry_into(row, n, b)) & 1u;
}
`,
  examples: [
    framedExample({}, 3, [1, 1, PLUS, 1], [], 1),
    framedExample({}, 3, [1, 1, PLUS, 1], [1, 0], 0),
    framedExample({}, 3, [0, PLUS, 0], [0], 'end'),
  ],
});
