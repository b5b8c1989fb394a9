// Global 2-norm of a replica's gradient, for clipping: norms [R] =. One workgroup a replica.

@group(0) @binding(0) var<storage, read> arena: array<f32>;
@group(0) @binding(1) var<storage, read_write> norms: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var i = thread; i < PARAMETERS; i += LANES) {
    let g = arena[group.x * STRIDE + AT_GRADIENTS + i];
    sum += g * g;
  }
  let total = workgroup_sum(sum, thread);
  if (thread == 0u) { norms[group.x] = sqrt(total); }
}
