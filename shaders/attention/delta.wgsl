// Before the backward pass of dense attention, one thread a query row and head:
//   stats [rows][H].z = delta_i = grad_mean_i . mean_i

@group(0) @binding(0) var<uniform> attention: Attention;
@group(0) @binding(1) var<storage, read> means: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> grad_means: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> stats: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let rows = attention.queries.rows;
  if (id.x >= rows * H) { return; }
  let row = id.y * rows + id.x / H;
  let out = row * H + id.x % H;
  let grad = attention.grads.at + row * attention.grads.row + id.x % H * attention.grads.head;
  var delta = 0.0;
  for (var c = 0u; c < DV4; c++) { delta += dot(grad_means[grad + c], means[out * DV4 + c]); }
  stats[out].z = delta;
}
