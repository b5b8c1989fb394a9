// Puts the chunks of attention_dense_split.wgsl together, one thread a query and vec4 column. Group z: head, y: query.
//   means [H][T][DV4] = sum over chunks of e^{highest_c - highest} part_means / the same sum of weights       stats as everywhere

struct Split { length: u32, first_query: u32, chunks: u32 }

const LOWEST = -3.4e38;

@group(0) @binding(0) var<uniform> split: Split;
@group(0) @binding(1) var<storage, read> part_means: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> part_stats: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> means: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec2<f32>>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  let i = split.first_query + group.y;
  let first = (group.z * groups.y + group.y) * split.chunks;
  let column = group.x * LANES + thread;
  if (column >= DV4) { return; }
  // Chunks past the diagonal hold nothing and say LOWEST.
  var highest = LOWEST;
  for (var c = 0u; c < split.chunks; c++) { highest = max(highest, part_stats[first + c].x); }
  var sum = 0.0;
  var mean = vec4<f32>();
  for (var c = 0u; c < split.chunks; c++) {
    let statistic = part_stats[first + c];
    let share = exp(statistic.x - highest);
    sum += share * statistic.y;
    mean += share * part_means[(first + c) * DV4 + column];
  }
  let out = group.z * split.length + i;
  means[out * DV4 + column] = mean / sum;
  if (column == 0u) { stats[out] = vec2<f32>(highest, 1.0 / sum); }
}
