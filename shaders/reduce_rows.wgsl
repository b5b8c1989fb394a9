// Per replica: out[i][j] = sum over the batch's rows of left[row][i] * right[row][j]. No atomics, rows in order, so the sum
// is the same every time. One thread four neighbouring j of one i.
// Uniform: sizes and strides, all j counts in vec4.  out lies in the arena at `at_out`, row stride `out_stride4`.

struct Shape { left_columns: u32, left_stride: u32, left_first: u32, right_columns4: u32, right_stride4: u32, right_first4: u32, at_out: u32, out_stride4: u32 }

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<uniform> shape: Shape;
@group(0) @binding(2) var<storage, read> left: array<f32>;
@group(0) @binding(3) var<storage, read> right: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> arena: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x / shape.right_columns4;
  let j = id.x % shape.right_columns4;
  if (i >= shape.left_columns) { return; }
  let first = id.y * batch.rows;
  var sum = vec4<f32>();
  for (var row = first; row < first + batch.rows; row++) {
    sum += left[row * shape.left_stride + shape.left_first + i]
         * right[row * shape.right_stride4 + shape.right_first4 + j];
  }
  arena[(id.y * STRIDE + shape.at_out) / 4u + i * shape.out_stride4 + j] = sum;
}
