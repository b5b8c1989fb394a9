// Dense attention of few queries, keys split over workgroups (flash-decoding): query first_query + y of head z against the KEYS keys
// of chunk x, no rounding to bits:
//   part_means [H][Q][chunks][DV4] = sum_j e^{score_ij - highest} v_j       part_stats [H][Q][chunks] = (highest, sum of weights)
// attention_dense_merge.wgsl puts the chunks together. One thread a key for the scores, then one a vec4 column and KEYS / 64 of the keys.

@group(0) @binding(0) var<uniform> dense: Dense;
@group(0) @binding(1) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> phi: array<f32>;
@group(0) @binding(3) var<storage, read_write> part_means: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> part_stats: array<vec2<f32>>;

var<workgroup> w: array<vec4<f32>, KEYS / 4u>;
var<workgroup> part: array<f32, LANES>;
var<workgroup> columns: array<vec4<f32>, LANES>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  let head = group.z;
  let i = dense.first_query + group.y;
  let end = dense.length - 1u;
  let query = dense.at_query4 + (head * dense.length + i) * DK4;

  // Four neighbouring keys a thread.
  let j = group.x * KEYS + 4u * thread;
  var content = vec4<f32>();
  for (var c = 0u; c < DK4; c++) {
    let q = arena[query + c];
    #for l 4
      content[$l] += dot(q, arena[dense.at_key4 + (head * dense.length + min(j + $lu, end)) * DK4 + c]);
    #end
  }
  let s = masked(SCALE * content, head, i, j, j + 3u + TAU >= i);
  part[thread] = largest(s);
  for (var half = LANES / 2u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (thread < half) { part[thread] = max(part[thread], part[thread + half]); }
  }
  workgroupBarrier();
  let highest = part[0];
  workgroupBarrier();
  let mine = weights(s, highest);
  w[thread] = mine;
  part[thread] = dot(mine, vec4<f32>(1.0));
  for (var half = LANES / 2u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (thread < half) { part[thread] += part[thread + half]; }
  }
  workgroupBarrier();

  // 16 vec4 columns at a time, the keys dealt to LANES / 16 threads each.
  let out = (head * groups.y + group.y) * groups.x + group.x;
  for (var c0 = 0u; c0 < DV4; c0 += 16u) {
    let column = c0 + thread % 16u;
    var sum = vec4<f32>();
    for (var g = thread / 16u; g < KEYS / 4u; g += LANES / 16u) {
      #for l 4
        let value$l = dense.at_value4 + head * dense.value_head4 + min(group.x * KEYS + 4u * g + $lu, end) * DV4;
        sum += w[g][$l] * arena[value$l + min(column, DV4 - 1u)];
      #end
    }
    columns[thread] = sum;
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
