// Four floats of the arena, `stride` apart: for adapters without subgroups.

fn quad_begin() {}

fn four_rows(at: u32, stride: u32) -> vec4<f32> {
  return vec4<f32>(arena[at], arena[at + stride], arena[at + 2u * stride], arena[at + 3u * stride]);
}
