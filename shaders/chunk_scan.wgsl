// Running class counts: starts becomes the counts before each block, carry [R*sequences][C] those before the next chunk.
// carry is read as the counts before this chunk; a first chunk (chunk.first = 0) starts from zero. One thread a (sequence, class).

@group(0) @binding(0) var<uniform> chunk: Chunk;
@group(0) @binding(1) var<storage, read_write> starts: array<u32>;
@group(0) @binding(2) var<storage, read_write> carry: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= chunk.sequences * C) { return; }
  let blocks = (chunk.width + BLOCK - 1u) / BLOCK;
  let sequence = id.y * chunk.sequences + id.x / C;
  let c = id.x % C;
  var running = select(carry[sequence * C + c], 0u, chunk.first == 0u);
  for (var block = 0u; block < blocks; block++) {
    let at = (sequence * blocks + block) * C + c;
    let here = starts[at];
    starts[at] = running;
    running += here;
  }
  carry[sequence * C + c] = running;
}
