/**
 * Largest difference between results and float64, relative to the largest float64 result, array by array: the worst of them. Null
 * when a result is not finite or an array has the wrong size.
 */
export function worstError(
  results: readonly ArrayLike<number>[],
  truth: readonly Float64Array[],
): number | null {
  if (results.length !== truth.length) return null;
  let worst = 0;
  for (const [k, expected] of truth.entries()) {
    const actual = results[k]!;
    if (actual.length !== expected.length) return null;
    let largest = 0;
    let difference = 0;
    for (let i = 0; i < expected.length; i++) {
      const off = Math.abs(actual[i]! - expected[i]!);
      if (!Number.isFinite(off)) return null;
      if (off > difference) difference = off;
      const size = Math.abs(expected[i]!);
      if (size > largest) largest = size;
    }
    worst = Math.max(worst, largest === 0 ? difference : difference / largest);
  }
  return worst;
}
