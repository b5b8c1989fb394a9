// Four rows of the arena, `stride` floats apart: for adapters without subgroups.

alias Rows = vec4<u32>;  // where they begin

fn quad_begin() {}

// Rows first .. first + 3, none past `last`.
fn rows_from(first: u32, last: u32, stride: u32) -> Rows {
  return min(vec4<u32>(first, first + 1u, first + 2u, first + 3u), vec4<u32>(last)) * stride;
}

fn four_rows(at: u32, rows: Rows) -> vec4<f32> {
  let each = at + rows;
  return vec4<f32>(arena[each.x], arena[each.y], arena[each.z], arena[each.w]);
}
