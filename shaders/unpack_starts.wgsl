// Where the reads of each sequence begin when the host says which positions have targets, in place of read_starts.wgsl:
// starts [R][sequences + 1] =, running sums of the targets of records. One thread a replica.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<uniform> window: Window;
@group(0) @binding(2) var<storage, read> clock: array<u32>;
@group(0) @binding(3) var<storage, read> record_starts: array<u32>;
@group(0) @binding(4) var<storage, read> records: array<u32>;
@group(0) @binding(5) var<storage, read_write> starts: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= space.replicas) { return; }
  let out = id.x * (space.sequences + 1u);
  var start = 0u;
  for (var b = 0u; b < space.sequences; b++) {
    starts[out + b] = start;
    start += targets_of(record_of(id.x * space.sequences + b, space.replicas * space.sequences));
  }
  starts[out + space.sequences] = start;
}
