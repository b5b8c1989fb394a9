// Multiplies the running average z_mean [B][H][Z] of each (sequence, head) by a factor that query_softmax.wgsl left in
// running[..][FACTOR]: 2, what the newest chunk's highest score does to earlier sums; 3, one over the sum of all weights.
// One thread four floats.

@group(0) @binding(0) var<uniform> chunk: Chunk;
@group(0) @binding(1) var<storage, read> running: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> arena: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= chunk.sequences * H * (Z / 4u)) { return; }
  let factor = running[id.y * chunk.sequences * H + id.x / (Z / 4u)][FACTOR];
  arena[(id.y * STRIDE + AT_ZMEAN) / 4u + id.x] *= factor;
}
