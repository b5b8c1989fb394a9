// psi of the MLP: ReLU, or exact (erf) GELU. GELU is a constant of the model's shape.

fn activate(x: vec4<f32>) -> vec4<f32> {
  if (GELU) { return 0.5 * x * (1.0 + erf(x * 0.70710678)); }
  return max(x, vec4<f32>());
}

fn activate_slope(x: vec4<f32>) -> vec4<f32> {
  if (GELU) { return 0.5 * (1.0 + erf(x * 0.70710678)) + x * 0.39894228 * exp(-0.5 * x * x); }
  return select(vec4<f32>(), vec4<f32>(1.0), x > vec4<f32>());
}
