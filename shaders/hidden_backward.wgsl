// Gradient at one position of a two-layer model's first layer. The gradient of its state row is
//   grad_state = sum_h attention_h grad_zmean[h] + grad_score_h z_query[h]   (+ grad_zlast at the sequence's last position)
// of which the hidden part goes back through psi and the feature table, the mix part joins what the table sends back:
//   grad_hidden [rows][M_PAD] = psi'(pre) * grad_state                            =
//   grad_mix    [rows][H*C]   = grad_state(mix) + table[k] . grad_hidden          =

@group(0) @binding(0) var<uniform> window: Window;
@group(0) @binding(1) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> suffix: array<u32>;
@group(0) @binding(3) var<storage, read> owners: array<u32>;
@group(0) @binding(4) var<storage, read> state: array<f32>;
@group(0) @binding(5) var<storage, read> attention: array<f32>;
@group(0) @binding(6) var<storage, read> grad_scores: array<f32>;
@group(0) @binding(7) var<storage, read_write> grad_hidden: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> grad_mix: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (past_the_end(group)) { return; }
  quad_begin();
  let at = min(id.x, window.sequences * window.width - 1u);
  let row = id.y * window.sequences * window.width + at;
  let owner = owners[row];
  let sequence = sequence_of(owner);
  let query = suffix[row * (TAU + 1u)];
  let last = select(0.0, 1.0, owner >= LAST && owner != NOBODY);
  let inside = select(0.0, 1.0, query < C);
  let base = id.y * STRIDE;
  let table = (base + AT_FEATURES) / 4u;
  let residual = table + (H * C + min(query, C - 1u)) * (F / 4u);
  let grad_last = (base + AT_GRAD_ZLAST + sequence * Z) / 4u;
  let grad_mean = (base + AT_GRAD_ZMEAN + sequence * H * Z) / 4u;
  let z_query = (base + AT_ZQUERY + sequence * H * Z) / 4u;

  var grad: array<f32, H * C>;
  for (var k = 0u; k < H * C; k++) {
    let j = (M_PAD + k) / 4u;
    grad[k] = last * arena[grad_last + j][k % 4u];
    for (var h = 0u; h < H; h++) {
      grad[k] += attention[row * H_PAD + h] * arena[grad_mean + h * (Z / 4u) + j][k % 4u]
               + grad_scores[row * H_PAD + h] * arena[z_query + h * (Z / 4u) + j][k % 4u];
    }
  }
  for (var j = 0u; j < M_PAD / 4u; j += 4u) {
    var pre = mat4x4<f32>(arena[residual + j], arena[residual + j + 1u], arena[residual + j + 2u], arena[residual + j + 3u]);
    for (var k = 0u; k < H * C; k++) { pre += state[row * MIX_STRIDE + MIX_AT + k] * arena_quad(table + k * (F / 4u) + j); }
    var back = last * arena_quad(grad_last + j);
    for (var h = 0u; h < H; h++) {
      back += attention[row * H_PAD + h] * arena_quad(grad_mean + h * (Z / 4u) + j)
            + grad_scores[row * H_PAD + h] * arena_quad(z_query + h * (Z / 4u) + j);
    }
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
