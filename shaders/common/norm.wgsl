// What both ways through the RMS norm share; place.gain: floats of the gain into a replica's block. Columns past D are 0 and stay so.

struct Place { gain: u32 }

fn gain(replica: u32, column4: u32) -> vec4<f32> {
  var g = vec4<f32>();
  for (var c = 0u; c < 4u; c++) {
    if (column4 * 4u + c < D) { g[c] = arena[replica * STRIDE + place.gain + column4 * 4u + c]; }
  }
  return g;
}

// WGSL's inverseSqrt may be off by 2 ulp, 1 / sqrt by 2.5 and more: one Newton step takes it to rounding.
fn inverse_rms(squares: f32) -> f32 {
  let mean = squares / f32(D) + 1e-6;
  let r = inverseSqrt(mean);
  return r * (1.5 - 0.5 * mean * r * r);
}
