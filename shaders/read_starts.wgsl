// Where the reads of each sequence begin: starts [R][sequences + 1] =, running sums of min(READS, length). One thread a replica.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;
@group(0) @binding(2) var<storage, read_write> starts: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= space.replicas) { return; }
  let out = id.x * (space.sequences + 1u);
  var start = 0u;
  for (var b = 0u; b < space.sequences; b++) {
    starts[out + b] = start;
    start += min(READS, lengths[id.x * space.sequences + b]);
  }
  starts[out + space.sequences] = start;
}
