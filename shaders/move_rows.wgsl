// Copies one stretch a replica between the arena and a row buffer: to[r][i] = from[r][i], i < COUNT.

@group(0) @binding(0) var<storage, read> from_buffer: array<f32>;
@group(0) @binding(1) var<storage, read_write> to_buffer: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < COUNT) { to_buffer[id.y * TO_STRIDE + TO_AT + id.x] = from_buffer[id.y * FROM_STRIDE + FROM_AT + id.x]; }
}
