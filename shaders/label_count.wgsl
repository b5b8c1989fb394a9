// How many reads of a replica carry a target: labels [R] = sum of weights, whole numbers and so exact. One workgroup a replica.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> labels: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var row = thread; row < space.rows; row += LANES) { sum += weights[group.x * space.rows + row]; }
  let total = workgroup_sum(sum, thread);
  if (thread == 0u) { labels[group.x] = total; }
}
