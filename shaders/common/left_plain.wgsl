// Four neighbouring floats of the left side of outer_rows.wgsl.

fn quad_begin() {}

// None past the end of the buffer.
fn left_four(at: u32) -> vec4<f32> {
  let each = min(vec4<u32>(at, at + 1u, at + 2u, at + 3u), vec4<u32>(arrayLength(&left) - 1u));
  return vec4<f32>(left[each.x], left[each.y], left[each.z], left[each.w]);
}
