import { below, type WordStream } from '../../shared/random.ts';

/** Laws of inputs that several tasks of the suite share, each with its twin in WGSL: `draw_input` (framed.ts). */
interface InputLaw {
  draw(stream: WordStream, n: number, symbols: number): number[];
  drawWgsl: string;
}

/** Symbols iid and uniform. */
export const UNIFORM: InputLaw = {
  draw: (stream, n, symbols) => Array.from({ length: n }, () => below(stream.next(), symbols)),
  drawWgsl: /* wgsl */ `
fn draw_input(stream: ptr<function, WordStream>, row: u32, n: u32) {
  for (var i = 1u; i <= n; i++) { put_symbol(row, i, below(next_word(stream), S - 3u)); }
}
`,
};

/** Bits of which the number of ones is uniform on 0…n, in uniform order: Pólya's urn of one ball each. */
export const UNIFORM_ONES: InputLaw = {
  draw(stream, n) {
    let ones = 0;
    return Array.from({ length: n }, (_, i) => {
      const bit = below(stream.next(), i + 2) < ones + 1 ? 1 : 0;
      ones += bit;
      return bit;
    });
  },
  drawWgsl: /* wgsl */ `
fn draw_input(stream: ptr<function, WordStream>, row: u32, n: u32) {
  var ones = 0u;
  for (var i = 1u; i <= n; i++) {
    let bit = select(0u, 1u, below(next_word(stream), i + 1u) < ones + 1u);
    ones += bit;
    put_symbol(row, i, bit);
  }
}
`,
};

/** n different symbols, every arrangement as likely as another: the first n of a shuffle (Fisher and Yates). */
export const DISTINCT: InputLaw = {
  draw(stream, n, symbols) {
    const left = Array.from({ length: symbols }, (_, s) => s);
    return Array.from({ length: n }, (_, i) => {
      const at = i + below(stream.next(), symbols - i);
      const symbol = left[at]!;
      left[at] = left[i]!;
      return symbol;
    });
  },
  drawWgsl: /* wgsl */ `
fn draw_input(stream: ptr<function, WordStream>, row: u32, n: u32) {
  var left: array<u32, S>;
  for (var s = 0u; s < S - 3u; s++) { left[s] = s; }
  for (var i = 0u; i < n; i++) {
    let at = i + below(next_word(stream), S - 3u - i);
    let symbol = left[at];
    left[at] = left[i];
    put_symbol(row, i + 1u, symbol);
  }
}
`,
};
