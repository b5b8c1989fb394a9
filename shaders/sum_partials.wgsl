// Adds up the blocks of outer_rows.wgsl into the arena: out[segment][i][j] = sum over the segment's blocks, or += when shape.accumulate.
// Blocks are added in runs of 32, so that rounding grows slowly with T. One thread four neighbouring j of one i.

@group(0) @binding(0) var<uniform> shape: Outer;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> partials: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> arena: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let tile = shape.left_columns * shape.right_columns4;
  if (id.x >= shape.segments * tile) { return; }
  let segment = id.x / tile;
  let i = (id.x % tile) / shape.right_columns4;
  let j = id.x % shape.right_columns4;
  let at_start = id.y * shape.replica_starts + segment * shape.segment_starts;
  let rows = starts[at_start + shape.segment_starts] - starts[at_start];
  let blocks = (rows + BLOCK_ROWS - 1u) / BLOCK_ROWS;
  let first = (id.y * shape.segments + segment) * shape.blocks * tile + id.x % tile;
  var sum = vec4<f32>();
  for (var run = 0u; run < blocks; run += 32u) {
    var part = vec4<f32>();
    for (var block = run; block < min(run + 32u, blocks); block++) { part += partials[first + block * tile]; }
    sum += part;
  }
  let out = (id.y * STRIDE + shape.at_out) / 4u + segment * shape.out_segment4 + i * shape.out_stride4 + j;
  if (shape.accumulate == 1u) { arena[out] += sum; } else { arena[out] = sum; }
}
