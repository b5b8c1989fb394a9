// Gradient of dense attention of any width with respect to the queries, and `grad_scores`: backward_query_fused.wgsl has the terms.
// One thread a query row and up to 32 columns (a block); quads share the loads of keys and values.

@group(0) @binding(0) var<uniform> attention: Attention;
@group(0) @binding(1) var<storage, read> query_starts: array<u32>;
@group(0) @binding(2) var<storage, read> key_starts: array<u32>;
@group(0) @binding(3) var<storage, read> parameters: array<f32>;
@group(0) @binding(4) var<storage, read> queries: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> keys: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> values: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> grad_means: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read> stats: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read_write> grad_queries: array<vec4<f32>>;
@group(0) @binding(10) var<storage, read_write> grad_scores: array<f32>;

const TILE = LANES;
const BLOCKS = (DK4 + 7u) / 8u;

fn position_at(row: u32) -> u32 { return u32(stats[row * H].w); }

#call four_reader(four_keys, keys)
#call four_reader(four_values, values)

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  quad_begin();
  let sequence = sequence_of(group, BLOCKS, 1u);
  let tile = sequence.first_query + tile_of(group) * TILE;
  let column = sequence.block * 8u;
  _ = &grad_scores;
  if (tile >= sequence.end_query) { return; }
  #call query_row()
  let out = at * H + sequence.head;
  let own = stats[out];
  let grad = place(attention.grads, at, sequence.head);
  // One of the blocks tells of the row's scores.
  let tells = row <= last && column == 0u;
  #if SUFFIX
    if (tells) {
      for (var t = position; t <= TAU; t++) { grad_scores[out * SLOTS + t] = 0.0; }
    }
  #end
  var product = 0.0;
  var low = mat4x4<f32>();
  var high = mat4x4<f32>();
  for (var j = 0u; j < reach; j += 4u) {
    #call score_row()
    let value = four(attention.values, sequence.first_key + j, last_key, sequence.head);
    var grad_weight = vec4<f32>();
    for (var c = 0u; c < DV4; c++) { grad_weight += grad_means[grad + c] * four_values(value, c); }
    let g = kept(exp(s - own.x)) * own.y * (grad_weight - own.z);
    #if SUFFIX
      if (tells && j >= near) {
        let slots = out * SLOTS + min(position - 1u - four_from(j), vec4<u32>(TAU + 1u));
        #for c 4
          grad_scores[slots[$c]] = g[$c];
        #end
      }
    #end
    product += dot(products, g);
    for (var c = 0u; c < 4u; c++) {
      low[c] += four_keys(key, min(column + c, DK4 - 1u)) * g;
      high[c] += four_keys(key, min(column + 4u + c, DK4 - 1u)) * g;
    }
  }
  #if LOG_SCALE
    if (tells) { grad_scores[out * SLOTS + SLOTS - 1u] = SCALE * product; }
  #end
  if (row > last) { return; }
  for (var c = 0u; c < min(4u, DK4 - column); c++) { grad_queries[out * DK4 + column + c] = factor * low[c]; }
  for (var c = 4u; c < min(8u, DK4 - column); c++) { grad_queries[out * DK4 + column + c] = factor * high[c - 4u]; }
}
