// Gradient of the one-query attention of layer 2 at every position of a chunk. With grad_mean the gradient of the attention's
// average z_mean = sum_j attention_j state[j], and dot_mean = grad_mean . z_mean:
//   grad_scores [rows][H_PAD] = attention_j (grad_mean . state[j] - dot_mean) * content_factor(log T)    =
// attention [rows][H_PAD] is 0 in rows past a sequence's end, and so is the gradient. One thread a row.

@group(0) @binding(0) var<uniform> chunk: Chunk;
@group(0) @binding(1) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dot_mean: array<f32>;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
@group(0) @binding(4) var<storage, read> state: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> attention: array<f32>;
@group(0) @binding(6) var<storage, read_write> grad_scores: array<f32>;
@group(0) @binding(7) var<storage, read> owners: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (past_the_end(group)) { return; }
  quad_begin();
  let at = min(id.x, chunk.sequences * chunk.width - 1u);
  let row = id.y * chunk.sequences * chunk.width + at;
  let sequence = sequence_of(owners[row], chunk.sequences);
  let factor = content_factor(log(f32(lengths[id.y * chunk.sequences + sequence])), 1.0);
  let grad = (id.y * STRIDE + AT_GRAD_ZMEAN + sequence * H * Z) / 4u;
  var g: array<f32, H>;
  for (var h = 0u; h < H; h++) { g[h] = -dot_mean[id.y * STRIDE + AT_DOT_MEAN + sequence * H + h]; }
  for (var j = 0u; j < Z / 4u; j += 4u) {
    let z = row * (Z / 4u) + j;
    let z0 = state[z];
    let z1 = state[z + 1u];
    let z2 = state[z + 2u];
    let z3 = state[z + 3u];
    for (var h = 0u; h < H; h++) {
      let q = arena_quad(grad + h * (Z / 4u) + j);
      g[h] += (dot(z0, q[0]) + dot(z1, q[1])) + (dot(z2, q[2]) + dot(z3, q[3]));
    }
  }
  for (var h = 0u; h < H; h++) { grad_scores[row * H_PAD + h] = factor * attention[row * H_PAD + h] * g[h]; }
}
