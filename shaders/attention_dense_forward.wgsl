// Dense causal attention of one head at every position (theory.md, section 1), T at run time, log-sum-exp streamed:
//   means [H][T][DV4] = sum_j alpha_ij v_j       stats [H][T] = (highest score, 1 / sum of e^{score - highest})
// One thread a query row and up to 32 output columns (group z: head, then column block); the four lanes of a quad are four
// neighbouring rows and share the keys' and values' loads. Rounding to p bits needs the highest score first: one more loop.
// On SwiftShader 0.2 times the speed of attention_dense_fused.wgsl: for heads wider than its registers, and without subgroups.

@group(0) @binding(0) var<uniform> dense: Dense;
@group(0) @binding(1) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> phi: array<f32>;
@group(0) @binding(3) var<storage, read_write> means: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec2<f32>>;

fn scores(head: u32, i: u32, j0: u32, near: bool) -> vec4<f32> {
  let query = dense.at_query4 + (head * dense.length + i) * DK4;
  let key = dense.at_key4 + (head * dense.length + j0) * DK4;
  var content = vec4<f32>();
  for (var c = 0u; c < DK4; c++) { content += arena[query + c] * arena_rows(key + c, DK4); }
  return masked(SCALE * content, head, i, j0, near);
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  quad_begin();
  const BLOCKS = (DV4 + 7u) / 8u;
  let head = group.z / BLOCKS;
  let column = (group.z % BLOCKS) * 8u;
  let first_row = dense.first_query + group.x * 64u;
  let last_row = min(first_row + 63u, dense.length - 1u);
  // Rows past the end repeat the last one, so that control flow stays uniform for the quads.
  let i = min(first_row + thread, last_row);

  var highest = LOWEST;
  if (FINITE && BITS > 0) {
    for (var j = 0u; j <= last_row; j += 4u) { highest = max(highest, largest(scores(head, i, j, j + 3u + TAU >= first_row))); }
  }
  var sum = 0.0;
  var low = mat4x4<f32>();
  var high = mat4x4<f32>();
  for (var j = 0u; j <= last_row; j += 4u) {
    let s = scores(head, i, j, j + 3u + TAU >= first_row);
    let now = max(highest, largest(s));
    let keep = exp(highest - now);
    let w = weights(s, now);
    highest = now;
    sum = sum * keep + dot(w, vec4<f32>(1.0));
    let value = dense.at_value4 + head * dense.value_head4 + j * DV4 + column;
    for (var c = 0u; c < 4u; c++) {
      low[c] = low[c] * keep + arena_rows(value + c, DV4) * w;
      high[c] = high[c] * keep + arena_rows(value + 4u + c, DV4) * w;
    }
  }
  if (first_row + thread >= dense.length) { return; }
  let row = head * dense.length + i;
  for (var c = 0u; c < min(4u, DV4 - column); c++) { means[row * DV4 + column + c] = low[c] / sum; }
  for (var c = 4u; c < min(8u, DV4 - column); c++) { means[row * DV4 + column + c] = high[c - 4u] / sum; }
  if (column == 0u) { stats[row] = vec2<f32>(highest, 1.0 / sum); }
}
