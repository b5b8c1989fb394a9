// Rows of FROM floats copied to rows of TO floats, zeros behind: output [rows][TO] = input [rows][FROM]. One thread a float.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let at = id.x / TO;
  if (at >= space.rows) { return; }
  let row = id.y * space.rows + at;
  let column = id.x % TO;
  var x = 0.0;
  if (column < FROM) { x = input[row * FROM + column]; }
  output[row * TO + column] = x;
}
