// Read-out of one row from its mix (attention by class). MLP and read-out are folded into the class tables: row k of the
// feature table holds what class k adds, per unit of attention, to the MLP's pre-activation (M_PAD floats: A V_h y_class) and
// to the output directly (U V_h y_class); the last C rows hold the residual A y_query + b and U y_query; W = U B. So
//   f = direct + W psi(pre),   (pre, direct) = table[H*C + query] + sum_k mix[k] table[k]
// costs H*C*F multiply-adds a row where the layer as written costs D*(D*H + 2M).
// outputs [R*B][O] =.  Source: docs/theory.md, section 1, with all matrices behind the attention multiplied out.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> suffix: array<u32>;
@group(0) @binding(3) var<storage, read> mix: array<f32>;
@group(0) @binding(4) var<storage, read_write> outputs: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  quad_begin();
  // Rows past the end repeat the last one, so that control flow stays uniform for the quads.
  let row = id.y * space.rows + min(id.x, space.rows - 1u);
  let table = (id.y * STRIDE + AT_FEATURES) / 4u;
  let readout = (id.y * STRIDE + AT_READOUT) / 4u;
  let residual = table + (H * C + min(suffix[row * (TAU + 1u)], C - 1u)) * (F / 4u);

  var f: array<f32, O>;
  for (var o = 0u; o < O; o++) {
    f[o] = arena[residual + (M_PAD + o) / 4u][o % 4u];
    for (var k = 0u; k < H * C; k++) { f[o] += mix[row * MIX_STRIDE + MIX_AT + k] * arena[table + k * (F / 4u) + (M_PAD + o) / 4u][o % 4u]; }
  }
  for (var j = 0u; j < M_PAD / 4u; j += 4u) {
    var pre = mat4x4<f32>(arena[residual + j], arena[residual + j + 1u], arena[residual + j + 2u], arena[residual + j + 3u]);
    for (var k = 0u; k < H * C; k++) { pre += mix[row * MIX_STRIDE + MIX_AT + k] * arena_quad(table + k * (F / 4u) + j); }
    let h0 = activate(pre[0]);
    let h1 = activate(pre[1]);
    let h2 = activate(pre[2]);
    let h3 = activate(pre[3]);
    for (var o = 0u; o < O; o++) {
      let w = arena_quad(readout + o * (M_PAD / 4u) + j);
      f[o] += (dot(h0, w[0]) + dot(h1, w[1])) + (dot(h2, w[2]) + dot(h3, w[3]));
    }
  }
  if (id.x < space.rows) {
    for (var o = 0u; o < O; o++) { outputs[row * O + o] = f[o]; }
  }
}
