// Gradient of features_forward, given grad_outputs [R*B][O]:
//   grad_features [R*B][F]   psi'(pre) * (W^T grad_outputs), then grad_outputs itself          =
//   hidden        [R*B][M_PAD]  psi(pre), for the gradient of W                                =
//   grad_mix      [R*B][H*C]    table[k] . grad_features                                       =
// The pre-activation is computed again rather than stored. Gradients of the table itself: outer_rows. Where mix rows are short,
// features_jacobian.wgsl and features_gradient.wgsl train in its place.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> suffix: array<u32>;
@group(0) @binding(3) var<storage, read> mix: array<f32>;
@group(0) @binding(4) var<storage, read> grad_outputs: array<f32>;
@group(0) @binding(5) var<storage, read_write> grad_features: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> hidden: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> grad_mix: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  quad_begin();
  // Rows past the end repeat the last one (and write its values again), so that control flow stays uniform for the quads.
  let row = id.y * space.rows + min(id.x, space.rows - 1u);
  let table = (id.y * STRIDE + AT_FEATURES) / 4u;
  let readout = (id.y * STRIDE + AT_READOUT) / 4u;
  let residual = table + (H * C + min(suffix[row * (TAU + 1u)], C - 1u)) * (F / 4u);
  let features = row * (F / 4u);

  for (var o4 = 0u; o4 < O_PAD; o4 += 4u) {
    var g = vec4<f32>();
    for (var o = o4; o < min(o4 + 4u, O); o++) { g[o - o4] = grad_outputs[row * O + o]; }
    grad_features[features + (M_PAD + o4) / 4u] = g;
  }
  var grad: array<f32, H * C>;
  for (var k = 0u; k < H * C; k++) {
    for (var o = 0u; o < O; o++) {
      grad[k] += grad_outputs[row * O + o] * arena[table + k * (F / 4u) + (M_PAD + o) / 4u][o % 4u];
    }
  }
  for (var j = 0u; j < M_PAD / 4u; j += 4u) {
    var pre = mat4x4<f32>(arena[residual + j], arena[residual + j + 1u], arena[residual + j + 2u], arena[residual + j + 3u]);
    for (var k = 0u; k < H * C; k++) { pre += mix[row * MIX_STRIDE + MIX_AT + k] * arena_quad(table + k * (F / 4u) + j); }
    var back = mat4x4<f32>();
    for (var o = 0u; o < O; o++) { back += grad_outputs[row * O + o] * arena_quad(readout + o * (M_PAD / 4u) + j); }
    let g0 = activate_slope(pre[0]) * back[0];
    let g1 = activate_slope(pre[1]) * back[1];
    let g2 = activate_slope(pre[2]) * back[2];
    let g3 = activate_slope(pre[3]) * back[3];
    hidden[row * (M_PAD / 4u) + j] = activate(pre[0]);
    hidden[row * (M_PAD / 4u) + j + 1u] = activate(pre[1]);
    hidden[row * (M_PAD / 4u) + j + 2u] = activate(pre[2]);
    hidden[row * (M_PAD / 4u) + j + 3u] = activate(pre[3]);
    grad_features[features + j] = g0;
    grad_features[features + j + 1u] = g1;
    grad_features[features + j + 2u] = g2;
    grad_features[features + j + 3u] = g3;
    for (var k = 0u; k < H * C; k++) {
      let w = arena_quad(table + k * (F / 4u) + j);
      grad[k] += (dot(g0, w[0]) + dot(g1, w[1])) + (dot(g2, w[2]) + dot(g3, w[3]));
    }
  }
  for (var k = 0u; k < H * C; k++) { grad_mix[row * H * C + k] = grad[k]; }
}
