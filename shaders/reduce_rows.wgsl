// Outer products summed over rows: partials[group][block][i][j] = sum over the block's rows of left[row][i] * right[row][j].
// A group is a replica's whole batch, or one sequence of it; its rows are cut into blocks, and sum_partials.wgsl adds the
// blocks: more threads, and rounding that grows with the root of the rows. No atomics, fixed order, equal bits every time.
// One thread four i times four j: eight loads for sixteen multiply-adds.
// v1, one i a thread: 2x slower on SwiftShader.

@group(0) @binding(0) var<uniform> shape: Reduction;
@group(0) @binding(1) var<storage, read> left: array<f32>;
@group(0) @binding(2) var<storage, read> right: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> partials: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = (id.x / shape.right_columns4) * 4u;
  let j = id.x % shape.right_columns4;
  if (i >= shape.left_columns) { return; }
  let first = id.z * shape.block_rows;
  let count = min(shape.block_rows, shape.rows - first);
  var sum = mat4x4<f32>();
  var at_left = (id.y * shape.rows + first) * shape.left_stride + shape.left_first + i;
  var at_right = (id.y * shape.rows + first) * shape.right_stride4 + shape.right_first4 + j;
  for (var b = 0u; b < count; b++) {
    let r = right[at_right];
    // Columns past the end of a row read its neighbour's; they are not written.
    sum[0] += left[at_left] * r;
    sum[1] += left[at_left + 1u] * r;
    sum[2] += left[at_left + 2u] * r;
    sum[3] += left[at_left + 3u] * r;
    at_left += shape.left_stride;
    at_right += shape.right_stride4;
  }
  let blocks = (shape.rows + shape.block_rows - 1u) / shape.block_rows;
  let out = ((id.y * blocks + id.z) * shape.left_columns + i) * shape.right_columns4 + j;
  for (var k = 0u; k < min(4u, shape.left_columns - i); k++) { partials[out + k * shape.right_columns4] = sum[k]; }
}
