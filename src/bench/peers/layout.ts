/** [H, T, D] to [T, H, D], or back with H and T exchanged. */
export function swapHeads(
  array: ArrayLike<number>,
  heads: number,
  T: number,
  D: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(array.length);
  for (let h = 0; h < heads; h++)
    for (let i = 0; i < T; i++)
      for (let d = 0; d < D; d++) out[(i * heads + h) * D + d] = array[(h * T + i) * D + d]!;
  return out;
}
