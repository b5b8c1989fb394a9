// Mean loss of a replica's reads that count, written to the loss ring at this step's slot: ring[slot][R] =.
// One workgroup a replica.  clock[1] is the slot.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<storage, read> losses: array<f32>;
@group(0) @binding(3) var<storage, read> labels: array<f32>;
@group(0) @binding(4) var<storage, read_write> ring: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var row = thread; row < space.rows; row += LANES) { sum += losses[group.x * space.rows + row]; }
  let total = workgroup_sum(sum, thread);
  if (thread == 0u) { ring[clock[1] * groups.x + group.x] = total / labels[group.x]; }
}
