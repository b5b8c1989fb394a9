/** Every string over 0…vocabulary−1 of a length. */
export function* everyString(vocabulary: number, length: number): Generator<Uint8Array> {
  const tokens = new Uint8Array(length);
  for (;;) {
    yield tokens.slice();
    let i = length - 1;
    while (i >= 0 && tokens[i] === vocabulary - 1) tokens[i--] = 0;
    if (i < 0) return;
    tokens[i]!++;
  }
}
