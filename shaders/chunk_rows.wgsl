// Where the rows of each sequence of a chunk begin: row_starts [R][sequences + 1] =, running sums of how many positions each
// has in the chunk, rounded up to 4 so that the lanes of a quad share a sequence. The last entry is the replica's number of
// rows: lengths are drawn from 1..N, so without gaps there are half as many rows to work on as sequences times width.
// One thread a replica.

@group(0) @binding(0) var<uniform> chunk: Chunk;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;
@group(0) @binding(2) var<storage, read_write> row_starts: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= chunk.replicas) { return; }
  let out = id.x * (chunk.sequences + 1u);
  var start = 0u;
  for (var b = 0u; b < chunk.sequences; b++) {
    row_starts[out + b] = start;
    let length = lengths[id.x * chunk.sequences + b];
    start += (min(max(length, chunk.first) - chunk.first, chunk.width) + 3u) / 4u * 4u;
  }
  row_starts[out + chunk.sequences] = start;
}
