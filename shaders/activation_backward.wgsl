// Gradient of activation_forward over a stretch of the arena, in place: grad[i] *= psi'(in[i]). One thread four floats.

@group(0) @binding(0) var<storage, read_write> arena: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= COUNT / 4u) { return; }
  let base = id.y * (STRIDE / 4u) + id.x;
  arena[base + AT_OUT / 4u] *= activate_slope(arena[base + AT_IN / 4u]);
}
