import { below } from '../../shared/random.ts';
import type { ErgodicLaw } from './law.ts';

/** Tokens iid and uniform. */
export const uniformIid: ErgodicLaw = {
  scratchWords: () => 0,
  draw(stream, length, { vocabulary }) {
    return Uint8Array.from({ length }, () => below(stream.next(), vocabulary));
  },
  prior: (_, { vocabulary }) => ({
    vocabulary,
    order: 0,
    rows: [new Float64Array(vocabulary).fill(1 / vocabulary)],
  }),
  wgsl: /* wgsl */ `
fn draw_tokens(stream: ptr<function, WordStream>, row: u32, length: u32, replica: Replica) -> u32 {
  for (var i = 1u; i <= length; i++) { put_token(row, i, below(next_word(stream), S)); }
  return length;
}`,
};
