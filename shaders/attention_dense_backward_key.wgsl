// Gradient of attention_dense_forward with respect to keys and values (attention_dense_backward_query.wgsl has the terms):
//   grad_keys   [H][T][DK4] = scale * sum_i grad_score_ij q_i        grad_values [H][T][DV4] = sum_i alpha_ij grad_mean_i
// One thread a key and up to 16 columns of each; it starts at the diagonal. The four lanes of a quad are four neighbouring
// keys and share the loads of the queries.

@group(0) @binding(0) var<uniform> dense: Dense;
@group(0) @binding(1) var<uniform> gradient: Gradient;
@group(0) @binding(2) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> phi: array<f32>;
@group(0) @binding(4) var<storage, read> stats: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> row_dot: array<f32>;
@group(0) @binding(6) var<storage, read_write> grad_keys: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> grad_values: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  quad_begin();
  const BLOCKS = (max(DK4, DV4) + 3u) / 4u;
  let head = group.z / BLOCKS;
  let column = (group.z % BLOCKS) * 4u;
  let first_key = group.x * 64u;
  let last_key = min(first_key + 63u, dense.length - 1u);
  let j = min(first_key + thread, last_key);
  let key = dense.at_key4 + (head * dense.length + j) * DK4;
  let value = dense.at_value4 + head * dense.value_head4 + j * DV4;

  var keys = mat4x4<f32>();
  var values = mat4x4<f32>();
  for (var i0 = first_key & ~3u; i0 < dense.length; i0 += 4u) {
    let queries = head * dense.length + i0;
    var content = vec4<f32>();
    for (var c = 0u; c < DK4; c++) { content += arena[key + c] * arena_rows(dense.at_query4 + queries * DK4 + c, DK4); }
    var grad_weight = vec4<f32>();
    for (var c = 0u; c < DV4; c++) { grad_weight += arena[value + c] * arena_rows(gradient.at_grad4 + queries * DV4 + c, DV4); }
    var alpha = vec4<f32>();
    var g = vec4<f32>();
    for (var l = 0u; l < 4u; l++) {
      let i = i0 + l;
      if (i >= j && i < dense.length) {
        // One score as four equal keys j, of which the first counts.
        let s = masked(vec4<f32>(SCALE * content[l]), head, i, j, i0 <= last_key + TAU + 3u).x;
        let statistic = stats[queries + l];
        alpha[l] = weights(vec4<f32>(s), statistic.x).x * statistic.y;
        g[l] = SCALE * select(1.0, log(f32(i + 1u)), FINITE) * alpha[l] * (grad_weight[l] - row_dot[queries + l]);
      }
    }
    for (var c = 0u; c < 4u; c++) {
      keys[c] += arena_rows(dense.at_query4 + queries * DK4 + column + c, DK4) * g;
      values[c] += arena_rows(gradient.at_grad4 + queries * DV4 + column + c, DV4) * alpha;
    }
  }
  if (first_key + thread >= dense.length) { return; }
  let row = head * dense.length + j;
  for (var c = 0u; c < 4u; c++) {
    if (column + c < DK4) { grad_keys[row * DK4 + column + c] = keys[c]; }
    if (column + c < DV4) { grad_values[row * DV4 + column + c] = values[c]; }
  }
}
