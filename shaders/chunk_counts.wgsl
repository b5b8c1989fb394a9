// Class counts of each block of BLOCK positions of a chunk: starts [R*sequences][blocks][C] =. chunk_scan.wgsl makes them
// running counts. One thread a block.

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<uniform> chunk: Chunk;
@group(0) @binding(2) var<storage, read> lengths: array<u32>;
@group(0) @binding(3) var<storage, read> tokens: array<u32>;
@group(0) @binding(4) var<storage, read_write> starts: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let blocks = (chunk.width + BLOCK - 1u) / BLOCK;
  if (id.x >= chunk.sequences * blocks) { return; }
  let sequence = id.y * chunk.sequences + id.x / blocks;
  let out = (sequence * blocks + id.x % blocks) * C;
  for (var c = 0u; c < C; c++) { starts[out + c] = 0u; }
  let first = chunk.first + (id.x % blocks) * BLOCK;
  for (var i = first + 1u; i <= min(first + BLOCK, lengths[sequence]); i++) {
    starts[out + token_at(sequence, i) * DELTA + i % DELTA] += 1u;
  }
}
