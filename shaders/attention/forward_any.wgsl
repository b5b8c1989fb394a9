// Dense causal attention of any width, log-sum-exp streamed:
//   means [rows][H][DV4] = sum_j alpha_ij v_j       stats [rows][H]: parts/rule.wgsl
// One thread a query row and up to 32 columns (a block); the four lanes of a quad are four neighbouring rows and share the loads of
// keys and values. Group x: LANES rows of a sequence. ROUNDS as in forward_fused.wgsl.
// On SwiftShader 0.2 times the speed of forward_fused.wgsl: for heads wider than its registers, and without subgroups.

@group(0) @binding(0) var<uniform> attention: Attention;
@group(0) @binding(1) var<storage, read> query_starts: array<u32>;
@group(0) @binding(2) var<storage, read> key_starts: array<u32>;
@group(0) @binding(3) var<storage, read> positions: array<u32>;
@group(0) @binding(4) var<storage, read> parameters: array<f32>;
@group(0) @binding(5) var<storage, read> queries: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> keys: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> values: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> means: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read_write> stats: array<vec4<f32>>;

const TILE = LANES;
const BLOCKS = (DV4 + 7u) / 8u;

fn position_at(row: u32) -> u32 { return positions[row]; }

#call four_reader(four_keys, keys)
#call four_reader(four_values, values)

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  quad_begin();
  let sequence = sequence_of(group, BLOCKS, 1u);
  let tile = sequence.first_query + tile_of(group) * TILE;
  let column = sequence.block * 8u;
  if (tile >= sequence.end_query) { return; }
  #call query_row()
  var highest = LOWEST;
  #if ROUNDS
    for (var j = 0u; j < reach; j += 4u) {
      #call score_row()
      highest = max(highest, largest(s));
    }
  #end
  var sum = 0.0;
  var low = mat4x4<f32>();
  var high = mat4x4<f32>();
  for (var j = 0u; j < reach; j += 4u) {
    #call score_row()
    let now = max(highest, largest(s));
    let keep = exp(highest - now);
    let w = kept(exp(s - now));
    highest = now;
    sum = sum * keep + dot(w, vec4<f32>(1.0));
    let value = four(attention.values, sequence.first_key + j, last_key, sequence.head);
    for (var c = 0u; c < 4u; c++) {
      low[c] = low[c] * keep + four_values(value, min(column + c, DV4 - 1u)) * w;
      high[c] = high[c] * keep + four_values(value, min(column + 4u + c, DV4 - 1u)) * w;
    }
  }
  if (row > last) { return; }
  let out = row * H + sequence.head;
  let share = select(0.0, 1.0 / sum, position > 0u);
  for (var c = 0u; c < min(4u, DV4 - column); c++) { means[out * DV4 + column + c] = low[c] * share; }
  for (var c = 4u; c < min(8u, DV4 - column); c++) { means[out * DV4 + column + c] = high[c - 4u] * share; }
  if (column == 0u) { stats[out] = statistic(highest, sum, position); }
}
