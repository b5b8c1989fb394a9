// Rows of IN4 vec4 copied to rows of OUT4 >= IN4, zeros behind: what the mat4x4 loads of the kernels with rows in registers need where
// the rows they are given are not multiples of 16 floats, 64 bytes aligned.
//   packed [rows][heads][OUT4] = source [rows][heads][IN4], strides in vec4

struct Stretch { rows: u32, heads: u32, at: u32, row: u32, head: u32 }

@group(0) @binding(0) var<uniform> stretch: Stretch;
@group(0) @binding(1) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> packed: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let element = id.y * groups.x * 64u + id.x;
  let column = element % OUT4;
  let head = element / OUT4 % stretch.heads;
  let row = element / (OUT4 * stretch.heads);
  if (row >= stretch.rows) { return; }
  var x = vec4<f32>();
  if (column < IN4) { x = source[stretch.at + row * stretch.row + head * stretch.head + column]; }
  packed[element] = x;
}
