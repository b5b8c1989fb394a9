// Dense causal attention, shared by forward and backward. Rows are 1-based positions i - 1; queries, keys and values lie in one
// buffer, `arena`, as rows of DK4 (queries, keys) and DV4 (values) vec4; heads of the values may share one row (v_head4 = 0).
// The tau-suffix bias is a function of the row, log(i) * phi[i - j], never a matrix. FINITE and BITS as everywhere.

struct Dense {
  length: u32,     // T
  at_query4: u32,  // vec4 offsets into arena
  at_key4: u32,
  at_value4: u32,
  value_head4: u32,  // vec4 between the values of two heads
  first_query: u32,  // rows before it are not wanted; forward only
}

// Where the backward pass finds the gradient of the output and the output itself: vec4 offsets into arena.
struct Gradient { at_grad4: u32, at_mean4: u32 }

const LOWEST = -3.4e38;

// Scores of query row i against keys j0 .. j0 + 3, before softmax: content + log(i) phi in infinite precision, log(i) (content
// + phi) in finite; LOWEST past the diagonal. `near`: whether any of these may lie in the suffix.
fn masked(content: vec4<f32>, head: u32, i: u32, j0: u32, near: bool) -> vec4<f32> {
  let log_row = log(f32(i + 1u));
  var s = select(content, content * log_row, FINITE);
  if (near) {
    for (var l = 0u; l < 4u; l++) {
      let t = i - min(i, j0 + l);
      if (t <= TAU) { s[l] += log_row * phi[head * (TAU + 1u) + t]; }
    }
  }
  let past = vec4<u32>(j0, j0 + 1u, j0 + 2u, j0 + 3u) > vec4<u32>(i);
  return select(s, vec4<f32>(LOWEST), past);
}

fn largest(s: vec4<f32>) -> f32 { return max(max(s.x, s.y), max(s.z, s.w)); }

// Unnormalised weights of scores against the row's highest; w <= 2^-BITS becomes 0 in finite precision.
fn weights(s: vec4<f32>, highest: f32) -> vec4<f32> {
  let w = select(exp(s - highest), vec4<f32>(), s <= vec4<f32>(LOWEST));
  if (FINITE && BITS > 0) { return select(w, vec4<f32>(), w <= vec4<f32>(exp2(-f32(BITS)))); }
  return w;
}
