// Per replica: out[i][j] = sum over the batch's rows of left[row][i] * right[row][j]. No atomics, rows in order, so the sum
// is the same every time. One thread four i times four j: eight loads for sixteen multiply-adds.
// v1, one i a thread: 2x slower on SwiftShader.
// Uniform: sizes and strides, all j counts in vec4.  out lies in the arena at `at_out`, row stride `out_stride4`.

struct Shape { left_columns: u32, left_stride: u32, left_first: u32, right_columns4: u32, right_stride4: u32, right_first4: u32, at_out: u32, out_stride4: u32 }

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<uniform> shape: Shape;
@group(0) @binding(2) var<storage, read> left: array<f32>;
@group(0) @binding(3) var<storage, read> right: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> arena: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = (id.x / shape.right_columns4) * 4u;
  let j = id.x % shape.right_columns4;
  if (i >= shape.left_columns) { return; }
  var sum = mat4x4<f32>();
  var at_left = id.y * batch.rows * shape.left_stride + shape.left_first + i;
  var at_right = id.y * batch.rows * shape.right_stride4 + shape.right_first4 + j;
  for (var b = 0u; b < batch.rows; b++) {
    let r = right[at_right];
    // Columns past the end of a row read its neighbour's; they are not written.
    sum[0] += left[at_left] * r;
    sum[1] += left[at_left + 1u] * r;
    sum[2] += left[at_left + 2u] * r;
    sum[3] += left[at_left + 3u] * r;
    at_left += shape.left_stride;
    at_right += shape.right_stride4;
  }
  let out = (id.y * STRIDE + shape.at_out) / 4u + i * shape.out_stride4 + j;
  for (var k = 0u; k < min(4u, shape.left_columns - i); k++) { arena[out + k * shape.out_stride4] = sum[k]; }
}
