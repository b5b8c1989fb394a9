// The tau-suffix and the diagonal, for kernels whose lanes are query rows. Needs dense_quad.wgsl and the binding `phi`.

// Scores of query row i against keys j .. j + 3 with the tau-suffix bias log(i) * phi[i - j]; LOWEST past the diagonal.
fn near_scores(s: vec4<f32>, head: u32, i: u32, j: u32) -> vec4<f32> {
  let keys = vec4<u32>(j, j + 1u, j + 2u, j + 3u);
  let t = vec4<u32>(i) - keys;  // past the diagonal it wraps round to more than TAU
  let at = min(t, vec4<u32>(TAU)) + head * (TAU + 1u);
  let bias = log(f32(i + 1u)) * vec4<f32>(phi[at.x], phi[at.y], phi[at.z], phi[at.w]);
  return select(s + select(vec4<f32>(), bias, t <= vec4<u32>(TAU)), vec4<f32>(LOWEST), keys > vec4<u32>(i));
}

// First key, a multiple of 4, whose group of four lies in the suffix or past the diagonal of a row >= first_row.
fn near_from(first_row: u32) -> u32 { return (max(first_row, TAU) - TAU) & ~3u; }
