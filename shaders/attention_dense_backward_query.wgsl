// Gradient of attention_dense_forward with respect to the queries, given that of its output. With alpha from the saved
// statistics and D_i = grad_mean_i . mean_i:
//   grad_score_ij = alpha_ij (grad_mean_i . v_j - D_i) (* log i in finite precision)
//   grad_queries [H][T][DK4] = scale * sum_j grad_score_ij k_j         row_dot [H][T] = D_i, for the key kernel
// One thread a query row and up to 32 columns. `arena` also holds grad_means and means, at at_grad4 and at_mean4.

@group(0) @binding(0) var<uniform> dense: Dense;
@group(0) @binding(1) var<uniform> gradient: Gradient;
@group(0) @binding(2) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> phi: array<f32>;
@group(0) @binding(4) var<storage, read> stats: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> grad_queries: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> row_dot: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  quad_begin();
  const BLOCKS = (DK4 + 7u) / 8u;
  let head = group.z / BLOCKS;
  let column = (group.z % BLOCKS) * 8u;
  let first_row = group.x * 64u;
  let last_row = min(first_row + 63u, dense.length - 1u);
  let i = min(first_row + thread, last_row);
  let row = head * dense.length + i;
  let query = dense.at_query4 + row * DK4;
  let grad = gradient.at_grad4 + row * DV4;
  let mean = gradient.at_mean4 + row * DV4;
  let scale = SCALE * select(1.0, log(f32(i + 1u)), FINITE);

  var own = 0.0;
  for (var c = 0u; c < DV4; c++) { own += dot(arena[grad + c], arena[mean + c]); }
  var low = mat4x4<f32>();
  var high = mat4x4<f32>();
  for (var j = 0u; j <= last_row; j += 4u) {
    let key = dense.at_key4 + (head * dense.length + j) * DK4;
    let value = dense.at_value4 + head * dense.value_head4 + j * DV4;
    var content = vec4<f32>();
    for (var c = 0u; c < DK4; c++) { content += arena[query + c] * arena_rows(key + c, DK4); }
    var grad_weight = vec4<f32>();
    for (var c = 0u; c < DV4; c++) { grad_weight += arena[grad + c] * arena_rows(value + c, DV4); }
    let s = masked(SCALE * content, head, i, j, j + 3u + TAU >= first_row);
    let g = weights(s, stats[row].x) * stats[row].y * (grad_weight - own);
    for (var c = 0u; c < 4u; c++) {
      low[c] += arena_rows(key + column + c, DK4) * g;
      high[c] += arena_rows(key + column + 4u + c, DK4) * g;
    }
  }
  if (first_row + thread >= dense.length) { return; }
  for (var c = 0u; c < min(4u, DK4 - column); c++) { grad_queries[row * DK4 + column + c] = scale * low[c]; }
  for (var c = 4u; c < min(8u, DK4 - column); c++) { grad_queries[row * DK4 + column + c] = scale * high[c - 4u]; }
  if (column == 0u) { row_dot[row] = own; }
}
