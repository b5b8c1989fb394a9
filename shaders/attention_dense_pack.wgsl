// Rows of IN4 vec4 copied to rows of OUT4 >= IN4, zeros behind: what the mat4x4 loads of dense_quad.wgsl need when the rows they
// are given are not multiples of 16 floats, 64 bytes aligned.   packed [rows][OUT4] = arena [rows][IN4]

struct Stretch { rows: u32, from4: u32, to4: u32 }

@group(0) @binding(0) var<uniform> stretch: Stretch;
@group(0) @binding(1) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> packed: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let element = id.y * groups.x * 64u + id.x;
  let row = element / OUT4;
  let column = element % OUT4;
  if (row >= stretch.rows) { return; }
  var x = vec4<f32>();
  if (column < IN4) { x = arena[stretch.from4 + row * IN4 + column]; }
  packed[stretch.to4 + element] = x;
}
