// Layer-2 logits of the one query of each sequence, its last position T, against every position of a chunk:
//   c_j = z_query[h] . state[j]                     (z_query = s K_h^T Q_h y_T, written in state coordinates)
//   scores [rows][H_PAD] = content_factor c_j + suffix_bias(phi[T - j]), the bias for T - j <= TAU (src/model/rules/)
// Rows past the end are left alone: query_softmax.wgsl does not read them. One thread a row, which loads its state once for all
// heads (v1, once a head: 1.7x the loads at H = 2).

@group(0) @binding(0) var<uniform> chunk: Chunk;
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
  let at = min(id.x, chunk.sequences * chunk.width - 1u);
  let row = id.y * chunk.sequences * chunk.width + at;
  let sequence = sequence_of(owners[row], chunk.sequences);
  let length = lengths[id.y * chunk.sequences + sequence];
  let position = positions[row];
  let query = (id.y * STRIDE + AT_ZQUERY + sequence * H * Z) / 4u;
  var score: array<f32, H>;
  for (var j = 0u; j < Z / 4u; j += 4u) {
    let z = row * (Z / 4u) + j;
    let z0 = state[z];
    let z1 = state[z + 1u];
    let z2 = state[z + 2u];
    let z3 = state[z + 3u];
    for (var h = 0u; h < H; h++) {
      let q = arena_quad(query + h * (Z / 4u) + j);
      score[h] += (dot(z0, q[0]) + dot(z1, q[1])) + (dot(z2, q[2]) + dot(z3, q[3]));
    }
  }
  if (position == 0u || id.x != at) { return; }
  let t = length - position;
  let log_length = log(f32(length));
  let factor = content_factor(log_length, 1.0);
  for (var h = 0u; h < H; h++) {
    var bias = 0.0;
    if (t <= TAU) { bias = suffix_bias(log_length, phi[id.y * STRIDE + AT_PHI2 + h * (TAU + 1u) + t]); }
    scores[row * H_PAD + h] = factor * score[h] + bias;
  }
}
