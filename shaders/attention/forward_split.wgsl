// Dense attention of few queries, keys split over workgroups (flash-decoding), no rounding to bits: a query against KEYS keys:
//   part_means [rows][H][chunks][DV4] = sum_j e^{score_ij - highest} v_j       part_stats [rows][H][chunks] = (highest, sum of weights)
// merge.wgsl puts the chunks together. Group x: chunk, and query of the sequence. Four neighbouring keys a thread for the scores, then
// a vec4 column and KEYS / 64 of the keys.

@group(0) @binding(0) var<uniform> attention: Attention;
@group(0) @binding(1) var<storage, read> query_starts: array<u32>;
@group(0) @binding(2) var<storage, read> key_starts: array<u32>;
@group(0) @binding(3) var<storage, read> positions: array<u32>;
@group(0) @binding(4) var<storage, read> parameters: array<f32>;
@group(0) @binding(5) var<storage, read> queries: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> keys: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> values: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> part_means: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read_write> part_stats: array<vec2<f32>>;

var<workgroup> w: array<vec4<f32>, KEYS / 4u>;
var<workgroup> part: array<f32, LANES>;
var<workgroup> columns: array<vec4<f32>, LANES>;

// Puts an operation's result over the workgroup's `part` into part[0]. Every thread must call it.
#part over_workgroup(operation)
  for (var half = LANES / 2u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (thread < half) { part[thread] = $operation(part[thread], part[thread + half]); }
  }
  workgroupBarrier();
#end

fn sum(a: f32, b: f32) -> f32 { return a + b; }

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let sequence = sequence_of(group, 1u, 1u);
  let chunk = group.x % attention.chunks;
  let row = sequence.first_query + group.x / attention.chunks;
  if (row >= sequence.end_query) { return; }
  let position = positions[row];
  let first = chunk * KEYS;
  if (first >= position) { return; }
  let query = place(attention.queries, row, sequence.head);
  let j = first + 4u * thread;
  #for c 4
    let key$c = place(attention.keys, sequence.first_key + min(j + $cu, position - 1u), sequence.head);
  #end
  var s = vec4<f32>();
  for (var c = 0u; c < DK4; c++) {
    let q = queries[query + c];
    s += vec4<f32>(dot(q, keys[key0 + c]), dot(q, keys[key1 + c]), dot(q, keys[key2 + c]), dot(q, keys[key3 + c]));
  }
  let log_row = log_of(position);
  s *= row_factor(log_row, sigma_of(sequence.replica, sequence.head));
  s = ruled(s, vec4<u32>(position), vec4<f32>(log_row), four_from(j), sequence.replica, sequence.head);
  part[thread] = largest(s);
  #call over_workgroup(max)
  let highest = part[0];
  workgroupBarrier();
  w[thread] = exp(s - highest);
  part[thread] = dot(w[thread], vec4<f32>(1.0));
  #call over_workgroup(sum)

  // 16 vec4 columns at a time, the keys dealt to LANES / 16 threads each.
  let out = (row * H + sequence.head) * attention.chunks + chunk;
  for (var c0 = 0u; c0 < DV4; c0 += 16u) {
    let column = c0 + thread % 16u;
    var mine = vec4<f32>();
    for (var g = thread / 16u; g < KEYS / 4u; g += LANES / 16u) {
      #for c 4
        let value$c = place(attention.values, sequence.first_key + min(first + 4u * g + $cu, position - 1u), sequence.head);
        mine += w[g][$c] * values[value$c + min(column, DV4 - 1u)];
      #end
    }
    columns[thread] = mine;
    for (var half = LANES / 2u; half >= 16u; half >>= 1u) {
      workgroupBarrier();
      if (thread < half) { columns[thread] += columns[thread + half]; }
    }
    workgroupBarrier();
    if (thread < 16u && column < DV4) { part_means[out * DV4 + column] = columns[thread]; }
    workgroupBarrier();
  }
  if (thread == 0u) { part_stats[out] = vec2<f32>(highest, part[0]); }
}
