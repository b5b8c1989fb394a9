// Gradient of layer 1 by class at one position, from that of its state row (common/state_*.wgsl says where it comes from):
// the hidden part goes back through psi and the feature table, the mix part joins what the table sends back:
//   grad_hidden [rows][M_PAD] = psi'(pre) * grad_state                            =
//   grad_mix    [rows][H*C]   = grad_state(mix) + table[k] . grad_hidden          =
// ReLU's slope is read off the hidden units; GELU's needs pre again (v1, both: six of 17 quads more a step at H = 2, C = 3).

@group(0) @binding(0) var<uniform> chunk: Chunk;
@group(0) @binding(1) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> suffix: array<u32>;
@group(0) @binding(3) var<storage, read> owners: array<u32>;
@group(0) @binding(4) var<storage, read> state: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> grad_hidden: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> grad_mix: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (past_the_end(group)) { return; }
  quad_begin();
  let at = min(id.x, chunk.sequences * chunk.width - 1u);
  let row = id.y * chunk.sequences * chunk.width + at;
  let query = suffix[row * (TAU + 1u)];
  let inside = select(0.0, 1.0, query < C);
  let table = (id.y * STRIDE + AT_FEATURES) / 4u;
  let residual = table + (H * C + min(query, C - 1u)) * (F / 4u);
  #call state_begin()

  var grad: array<f32, H * C>;
  for (var k = 0u; k < H * C; k++) {
    #call state_float(own, M_PAD + k)
    grad[k] = own;
  }
  for (var j = 0u; j < M_PAD / 4u; j += 4u) {
    let z = row * (Z / 4u) + j;
    var pre = mat4x4<f32>(state[z], state[z + 1u], state[z + 2u], state[z + 3u]);
    if (GELU) {
      pre = mat4x4<f32>(arena[residual + j], arena[residual + j + 1u], arena[residual + j + 2u], arena[residual + j + 3u]);
      for (var k = 0u; k < H * C; k++) {
        pre += state[(row * MIX_STRIDE + MIX_AT + k) / 4u][k % 4u] * arena_quad(table + k * (F / 4u) + j);
      }
    }
    #call state_quad(back)
    let g0 = inside * activate_slope(pre[0]) * back[0];
    let g1 = inside * activate_slope(pre[1]) * back[1];
    let g2 = inside * activate_slope(pre[2]) * back[2];
    let g3 = inside * activate_slope(pre[3]) * back[3];
    let out = row * (M_PAD / 4u) + j;
    grad_hidden[out] = g0;
    grad_hidden[out + 1u] = g1;
    grad_hidden[out + 2u] = g2;
    grad_hidden[out + 3u] = g3;
    for (var k = 0u; k < H * C; k++) {
      let w = arena_quad(table + k * (F / 4u) + j);
      grad[k] += (dot(g0, w[0]) + dot(g1, w[1])) + (dot(g2, w[2]) + dot(g3, w[3]));
    }
  }
  for (var k = 0u; k < H * C; k++) { grad_mix[row * H * C + k] = grad[k]; }
}
