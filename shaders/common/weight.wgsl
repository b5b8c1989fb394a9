// Weight of one attention score before normalisation (theory.md, section 1): e^{score - highest} in infinite precision;
// e^{log(i) (score - highest)} in finite precision, where w <= 2^-BITS becomes 0 (BITS = 0: no rounding).

fn weight(score: f32, highest: f32, log_length: f32) -> f32 {
  if (!FINITE) { return exp(score - highest); }
  let w = exp(log_length * (score - highest));
  return select(w, 0.0, BITS > 0 && w <= exp2(-f32(BITS)));
}
