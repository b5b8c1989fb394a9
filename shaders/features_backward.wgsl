// Gradient of features_forward, given grad_outputs [R*B][O]:
//   grad_features [R*B][F]   psi'(pre) * (W^T grad_outputs), then grad_outputs itself          =
//   hidden        [R*B][M_PAD]  psi(pre), for the gradient of W                                =
//   grad_mix      [R*B][H*C]    table[k] . grad_features                                       =
// The pre-activation is computed again rather than stored. Gradients of the table itself: reduce_rows.

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> suffix: array<u32>;
@group(0) @binding(3) var<storage, read> mix: array<f32>;
@group(0) @binding(4) var<storage, read> grad_outputs: array<f32>;
@group(0) @binding(5) var<storage, read_write> grad_features: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> hidden: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> grad_mix: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= batch.rows) { return; }
  let row = id.y * batch.rows + id.x;
  let table = (id.y * STRIDE + AT_FEATURES) / 4u;
  let readout = (id.y * STRIDE + AT_READOUT) / 4u;
  let residual = table + (H * C + suffix[row * (TAU + 1u)]) * (F / 4u);
  let features = row * (F / 4u);

  var grad_direct: array<vec4<f32>, O_PAD / 4u>;
  for (var o = 0u; o < O; o++) { grad_direct[o / 4u][o % 4u] = grad_outputs[row * O + o]; }
  for (var o = 0u; o < O_PAD / 4u; o++) { grad_features[features + M_PAD / 4u + o] = grad_direct[o]; }
  for (var k = 0u; k < H * C; k++) {
    var g = 0.0;
    for (var o = 0u; o < O_PAD / 4u; o++) { g += dot(grad_direct[o], arena[table + k * (F / 4u) + M_PAD / 4u + o]); }
    grad_mix[row * H * C + k] = g;
  }
  for (var j = 0u; j < M_PAD / 4u; j++) {
    var pre = arena[residual + j];
    for (var k = 0u; k < H * C; k++) { pre += mix[row * X + k] * arena[table + k * (F / 4u) + j]; }
    var back = vec4<f32>();
    for (var o = 0u; o < O; o++) { back += grad_direct[o / 4u][o % 4u] * arena[readout + o * (M_PAD / 4u) + j]; }
    let grad_pre = activate_slope(pre) * back;
    hidden[row * (M_PAD / 4u) + j] = activate(pre);
    grad_features[features + j] = grad_pre;
    for (var k = 0u; k < H * C; k++) { grad_mix[row * H * C + k] += dot(grad_pre, arena[table + k * (F / 4u) + j]); }
  }
}
