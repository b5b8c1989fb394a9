// Four rows of the arena, `stride` floats apart, the same four in all lanes of a quad: each lane loads one and hands it to the others
// (docs/kernels.md).

alias Rows = u32;  // where this lane's begins

var<private> quad_lane: u32;

fn quad_begin() { quad_lane = subgroupExclusiveAdd(1u) & 3u; }

// Rows first .. first + 3, none past `last`.
fn rows_from(first: u32, last: u32, stride: u32) -> Rows { return min(first + quad_lane, last) * stride; }

fn four_rows(at: u32, rows: Rows) -> vec4<f32> {
  let mine = arena[at + rows];
  return vec4<f32>(quadBroadcast(mine, 0u), quadBroadcast(mine, 1u), quadBroadcast(mine, 2u), quadBroadcast(mine, 3u));
}
