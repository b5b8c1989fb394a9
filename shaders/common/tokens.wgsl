// Tokens are packed four to a word, position 1 in the lowest byte of the row's first word.

fn token_at(row: u32, i: u32) -> u32 {
  let at = i - 1u;
  return (tokens[row * batch.token_words + (at >> 2u)] >> ((at & 3u) * 8u)) & 0xffu;
}
