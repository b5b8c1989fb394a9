// Layer-2 logits of the one query of each sequence, its last position T, against every position of a window:
//   c_j = z_query[h] . state[j]                     (z_query = s K_h^T Q_h y_T, written in state coordinates)
//   scores [rows][H_PAD] =  c_j + log(T) phi[T - j]   infinite precision
//                           c_j + phi[T - j]          finite precision (log T comes in query_softmax.wgsl)
// Rows past the end are left alone: query_softmax.wgsl does not read them. One thread a row.

@group(0) @binding(0) var<uniform> window: Window;
@group(0) @binding(1) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> phi: array<f32>;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
@group(0) @binding(4) var<storage, read> state: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> owners: array<u32>;
@group(0) @binding(6) var<storage, read> positions: array<u32>;
@group(0) @binding(7) var<storage, read_write> scores: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (past_the_end(group)) { return; }
  quad_begin();
  let at = min(id.x, window.sequences * window.width - 1u);
  let row = id.y * window.sequences * window.width + at;
  let sequence = sequence_of(owners[row]);
  let length = lengths[id.y * window.sequences + sequence];
  let position = positions[row];
  for (var h = 0u; h < H; h++) {
    let query = (id.y * STRIDE + AT_ZQUERY + (sequence * H + h) * Z) / 4u;
    var score = 0.0;
    for (var j = 0u; j < Z / 4u; j += 4u) {
      let q = arena_quad(query + j);
      let z = row * (Z / 4u) + j;
      score += (dot(state[z], q[0]) + dot(state[z + 1u], q[1])) + (dot(state[z + 2u], q[2]) + dot(state[z + 3u], q[3]));
    }
    if (position > 0u && id.x == at) {
      let t = length - position;
      if (t <= TAU) {
        score += select(log(f32(length)), 1.0, FINITE) * phi[id.y * STRIDE + AT_PHI2 + h * (TAU + 1u) + t];
      }
      scores[row * H_PAD + h] = score;
    }
  }
}
