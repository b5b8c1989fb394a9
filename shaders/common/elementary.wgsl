// Elementary functions whose accuracy WGSL leaves open. All in f32, error in the argument's range stated.

// sin(x) and cos(x): Cody-Waite reduction by pi/2 in three parts, then the Taylor polynomials on [-pi/4, pi/4].
// Absolute error below 3e-7 for |x| < 10^4.
fn precise_sin(x: f32) -> f32 { return sin_after_quarters(x, 0); }
fn precise_cos(x: f32) -> f32 { return sin_after_quarters(x, 1); }

// sin(x + quarters * pi / 2).
fn sin_after_quarters(x: f32, quarters: i32) -> f32 {
  let quarter = round(x * 0.6366197723675814);
  let r = ((x - quarter * 1.5703125) - quarter * 4.837512969970703e-4) - quarter * 7.54978995489188e-8;
  let r2 = r * r;
  let s = r + r * r2 * (-0.16666667 + r2 * (8.3333333e-3 + r2 * (-1.9841270e-4 + r2 * 2.7557319e-6)));
  let c = 1.0 + r2 * (-0.5 + r2 * (4.1666667e-2 + r2 * (-1.3888889e-3 + r2 * 2.4801587e-5)));
  let q = u32(i32(quarter) + quarters) & 3u;
  let magnitude = select(s, c, (q & 1u) == 1u);
  return select(magnitude, -magnitude, (q & 2u) == 2u);
}

// erf(x), Abramowitz and Stegun 7.1.26: absolute error below 1.5e-7 plus rounding.
fn erf(x: vec4<f32>) -> vec4<f32> {
  let t = 1.0 / (1.0 + 0.3275911 * abs(x));
  let p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(x) * (1.0 - p * exp(-x * x));
}

// n / d for n <= d < 2^24, correctly rounded on every adapter (WGSL's own division may be off by 2.5 ulp), so that targets
// are bit-equal to their TypeScript twins: long division to 25 significant bits, then round half to even.
fn exact_ratio(n: u32, d: u32) -> f32 {
  if (n == 0u) { return 0.0; }
  if (n == d) { return 1.0; }
  var remainder = n;
  var bits = 0u;
  var shift = 0;
  while (bits < (1u << 24u)) {
    remainder <<= 1u;
    bits <<= 1u;
    if (remainder >= d) {
      remainder -= d;
      bits |= 1u;
    }
    shift += 1;
  }
  let half = bits & 1u;
  var mantissa = bits >> 1u;
  if (half == 1u && (remainder != 0u || (mantissa & 1u) == 1u)) { mantissa += 1u; }
  return ldexp(f32(mantissa), 1 - shift);
}
