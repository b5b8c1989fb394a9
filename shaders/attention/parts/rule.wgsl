// From products q.k to weights: what is around the attention rule (model/rules/) and the encoding (model/encodings/).
// SUFFIX: the rule has phi. LOG_SCALE: it has sigma. BIASED: the encoding adds to every score.

fn sigma_of(replica: u32, head: u32) -> f32 {
  if (!LOG_SCALE) { return 1.0; }
  return parameters[replica * attention.parameter_stride + attention.at_log_scale + head];
}

// Scores carry this factor of their row.
fn row_factor(log_position: f32, sigma: f32) -> f32 { return SCALE * content_factor(log_position, sigma); }

// First key index, a multiple of 4, whose group of four lies in the suffix or past the diagonal of a row of this position or later.
fn near_from(position: u32) -> u32 { return (max(position, TAU + 1u) - 1u - TAU) & ~3u; }

// log of a position; 0 of padding.
fn log_of(position: u32) -> f32 { return log(f32(max(position, 1u))); }

// Scores of query positions (from 1; their logarithms) against key indices (from 0), either being the same four times.
fn ruled(s: vec4<f32>, positions: vec4<u32>, logs: vec4<f32>, keys: vec4<u32>, replica: u32, head: u32) -> vec4<f32> {
  let t = positions - 1u - keys;  // past the diagonal it wraps round to more than TAU
  var score = s;
  // Few groups of four lie in a suffix: whoever does not skips the logarithms and loads.
  if (SUFFIX && any(t <= vec4<u32>(TAU))) {
    let first = replica * attention.parameter_stride + attention.at_phi + head * (TAU + 1u);
    let at = first + min(t, vec4<u32>(TAU));
    let bias = vec4<f32>(
      suffix_bias(logs.x, parameters[at.x]),
      suffix_bias(logs.y, parameters[at.y]),
      suffix_bias(logs.z, parameters[at.z]),
      suffix_bias(logs.w, parameters[at.w]),
    );
    score += select(vec4<f32>(), bias, t <= vec4<u32>(TAU));
  }
  if (BIASED) { score += offset_bias(head, t); }
  return select(score, vec4<f32>(LOWEST), keys >= positions);
}

fn four_from(first: u32) -> vec4<u32> { return vec4<u32>(first, first + 1u, first + 2u, first + 3u); }

fn largest(s: vec4<f32>) -> f32 { return max(max(s.x, s.y), max(s.z, s.w)); }
