/*
 * ψ of the MLP in float64. erf by its series for |x| < 3 and by the continued fraction of erfc beyond
 * (Abramowitz and Stegun 7.1.6 and 7.1.14), both to about 1e-15.
 */

/** erf(x). */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 3) {
    // erf x = 2/√π e^{−x²} Σ 2ⁿ x^{2n+1} / (2n+1)!!  (7.1.6): all terms positive, nothing cancels.
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

/** ψ and its derivative. ReLU's derivative at 0 is 0. */
export const ACTIVATIONS = {
  relu: { value: (x: number) => Math.max(x, 0), slope: (x: number) => (x > 0 ? 1 : 0) },
  gelu: {
    value: (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
    slope: (x: number) =>
      0.5 * (1 + erf(x / Math.SQRT2)) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI),
  },
};
