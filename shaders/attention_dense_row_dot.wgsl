// D_i of the backward pass of dense attention, one thread a row:   row_dot [H][T] = grad_mean_i . mean_i

struct Rows { count: u32, at_grad4: u32, at_mean4: u32 }

@group(0) @binding(0) var<uniform> rows: Rows;
@group(0) @binding(1) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> row_dot: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= rows.count) { return; }
  var own = 0.0;
  for (var c = 0u; c < DV4; c++) {
    own += dot(arena[rows.at_grad4 + id.x * DV4 + c], arena[rows.at_mean4 + id.x * DV4 + c]);
  }
  row_dot[id.x] = own;
}
