// Gradient of dense attention of any width with respect to keys and values (backward_key_fused.wgsl has the terms, KEYED among them).
// One thread a key and up to 16 columns of each (a block); quads share the loads of queries and gradients.

@group(0) @binding(0) var<uniform> attention: Attention;
@group(0) @binding(1) var<storage, read> query_starts: array<u32>;
@group(0) @binding(2) var<storage, read> key_starts: array<u32>;
@group(0) @binding(3) var<storage, read> parameters: array<f32>;
@group(0) @binding(4) var<storage, read> queries: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> keys: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> values: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> grad_means: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read> stats: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read_write> grad_keys: array<vec4<f32>>;
@group(0) @binding(10) var<storage, read_write> grad_values: array<vec4<f32>>;

const TILE = LANES;
const BLOCKS = (max(DK4, DV4) + 3u) / 4u;

#call four_reader(four_queries, queries)
#call four_reader(four_grads, grad_means)

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  quad_begin();
  let sequence = sequence_of(group, BLOCKS, 1u);
  let tile = tile_of(group) * TILE;
  let column = sequence.block * 4u;
  _ = &grad_values;
  if (sequence.first_key + tile >= sequence.end_key) { return; }
  let j = min(tile + thread, sequence.end_key - sequence.first_key - 1u);
  let row = sequence.first_key + j;
  let key = place(attention.keys, row, sequence.head);
  let value = place(attention.values, row, sequence.head);
  let sigma = sigma_of(sequence.replica, sequence.head);
  let last_query = sequence.end_query - 1u;

  var grad_key = mat4x4<f32>();
  var grad_value = mat4x4<f32>();
  for (var i = first_seeing(sequence, tile); i < sequence.end_query; i += 4u) {
    let query = four(attention.queries, i, last_query, sequence.head);
    let grad = four(attention.grads, i, last_query, sequence.head);
    let rows = transpose(mat4x4<f32>(
      statistic_of(sequence, i, sequence.head),
      statistic_of(sequence, i + 1u, sequence.head),
      statistic_of(sequence, i + 2u, sequence.head),
      statistic_of(sequence, i + 3u, sequence.head),
    ));
    let logs = log(max(rows[3], vec4<f32>(1.0)));
    let factors = vec4<f32>(
      row_factor(logs.x, sigma), row_factor(logs.y, sigma), row_factor(logs.z, sigma), row_factor(logs.w, sigma),
    );
    var s = vec4<f32>();
    for (var c = 0u; c < DK4; c++) { s += keys[key + c] * four_queries(query, c); }
    s *= factors;
    if (BIASED || u32(rows[3].x) <= tile + TILE + TAU) {
      s = ruled(s, vec4<u32>(rows[3]), logs, vec4<u32>(j), sequence.replica, sequence.head);
    }
    var grad_weight = vec4<f32>();
    for (var c = 0u; c < DV4; c++) { grad_weight += values[value + c] * four_grads(grad, c); }
    let alpha = kept(exp(s - rows[0])) * rows[1];
    let g = alpha * (grad_weight - rows[2]) * factors;
    for (var c = 0u; c < 4u; c++) {
      grad_key[c] += four_queries(query, min(column + c, DK4 - 1u)) * g;
      grad_value[c] += four_grads(grad, min(column + c, DV4 - 1u)) * alpha;
    }
  }
  if (tile + thread > j) { return; }
  let out = row * H + sequence.head;
  for (var c = 0u; c < 4u; c++) {
    #if KEYED
      if (column + c < DK4) { grad_keys[out * DK4 + column + c] = grad_key[c] + grad_value[c]; }
    #else
      if (column + c < DK4) { grad_keys[out * DK4 + column + c] = grad_key[c]; }
      if (column + c < DV4) { grad_values[out * DV4 + column + c] = grad_value[c]; }
    #end
  }
}
