// Four neighbouring vec4 of the arena, for adapters without subgroups.

fn quad_begin() {}

fn arena_quad(at: u32) -> mat4x4<f32> {
  return mat4x4<f32>(arena[at], arena[at + 1u], arena[at + 2u], arena[at + 3u]);
}
