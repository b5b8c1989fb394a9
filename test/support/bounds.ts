import { expect } from 'vitest';

/** Expects |got − want| ≤ bound everywhere, and prints the margin: how much of the bound the worst element uses. */
export function expectWithin(
  label: string,
  got: ArrayLike<number | null>,
  want: ArrayLike<number>,
  bound: number,
): void {
  expect(got.length, label).toBe(want.length);
  let error = 0;
  for (let i = 0; i < want.length; i++) {
    const value = got[i];
    error = Math.max(
      error,
      typeof value === 'number' ? Math.abs(value - want[i]!) : Number.POSITIVE_INFINITY,
    );
  }
  // No error is within any bound, 0 included.
  const share = error === 0 ? 0 : error / bound;
  console.info(`${label}: max error ${error.toExponential(1)}, ${(100 * share).toFixed(1)} % of the bound`);
  expect(share, `${label}: share of the float32 bound`).toBeLessThanOrEqual(1);
}
