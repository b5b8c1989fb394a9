// Puts the chunks of forward_split.wgsl together, one thread a query row, head and vec4 column. Group y: replica.
//   means [rows][H][DV4] = sum over chunks of e^{highest_c - highest} part_means / the same sum of weights       stats as everywhere

@group(0) @binding(0) var<uniform> attention: Attention;
@group(0) @binding(1) var<storage, read> positions: array<u32>;
@group(0) @binding(2) var<storage, read> part_means: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> part_stats: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> means: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> stats: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let rows = attention.queries.rows;
  if (id.x >= rows * H * DV4) { return; }
  let column = id.x % DV4;
  let out = id.y * rows * H + id.x / DV4;
  let position = positions[out / H];
  let chunks = (position + KEYS - 1u) / KEYS;
  let first = out * attention.chunks;
  var highest = LOWEST;
  for (var c = 0u; c < chunks; c++) { highest = max(highest, part_stats[first + c].x); }
  var sum = 0.0;
  var mean = vec4<f32>();
  for (var c = 0u; c < chunks; c++) {
    let share = exp(part_stats[first + c].x - highest);
    sum += share * part_stats[first + c].y;
    mean += share * part_means[(first + c) * DV4 + column];
  }
  means[out * DV4 + column] = select(vec4<f32>(), mean / sum, position > 0u);
  if (column == 0u) { stats[out] = statistic(highest, sum, position); }
}
