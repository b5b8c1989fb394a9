// Four vec4 of the arena, `stride` apart, as columns: for adapters without subgroups.

fn quad_begin() {}

fn arena_rows(at: u32, stride: u32) -> mat4x4<f32> {
  return mat4x4<f32>(arena[at], arena[at + stride], arena[at + 2u * stride], arena[at + 3u * stride]);
}

fn arena_quad(at: u32) -> mat4x4<f32> { return arena_rows(at, 1u); }
