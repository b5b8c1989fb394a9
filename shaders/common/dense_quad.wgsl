// What the quad-broadcast kernels of dense attention share. Rows lie in `arena` as DKM (queries, keys) and DVM (values) mat4x4,
// columns of four floats each: a lane loads 64 bytes behind one bounds check, and #for (engine/unroll.ts) keeps all indices constant.

struct Dense {
  length: u32,      // T
  at_query: u32,    // offsets into arena, in mat4x4
  at_key: u32,
  at_value: u32,
  value_head: u32,  // mat4x4 between the values of two heads; 0: shared
  first_query: u32, // rows before it are not wanted; forward only
  at_grad: u32,     // gradient of the means, backward only
}

// Rows of some heads whose scores are kept at a time (attention_dense_scores.wgsl).
struct Panel {
  first_row: u32,
  rows: u32,
  first_head: u32,
  stride4: u32,     // vec4 of scores a row
}

const LOWEST = -3.4e38;

// Scores carry this factor of their row: scale, and log(i) in finite precision.
fn row_factor(i: u32) -> f32 { return SCALE * select(1.0, log(f32(i + 1u)), FINITE); }

fn largest(s: vec4<f32>) -> f32 { return max(max(s.x, s.y), max(s.z, s.w)); }

// Finite precision: weights w <= 2^-BITS become 0 (BITS = 0: no rounding). Of the row's own highest score only.
fn rounded(w: vec4<f32>) -> vec4<f32> {
  if (FINITE && BITS > 0) { return select(w, vec4<f32>(), w <= vec4<f32>(exp2(-f32(BITS)))); }
  return w;
}

// One vec4 of each lane of a quad, as columns.
fn shared_columns(mine: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(quadBroadcast(mine, 0u), quadBroadcast(mine, 1u), quadBroadcast(mine, 2u), quadBroadcast(mine, 3u));
}
