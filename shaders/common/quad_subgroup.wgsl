// Four vec4 of the arena, `stride` apart, equal in all lanes of a quad, as columns: every lane loads one of them and hands it to the
// others. Software adapters load lane by lane, so this is a quarter of the loads (docs/kernels.md). Uniform control flow only; `at` must
// be equal in the lanes of a quad.

var<private> quad_lane: u32;

// Call once, first, while all lanes are active: the number of lanes before this one is its place, however lanes map to ids.
fn quad_begin() { quad_lane = subgroupExclusiveAdd(1u) & 3u; }

fn arena_rows(at: u32, stride: u32) -> mat4x4<f32> {
  let mine = arena[at + quad_lane * stride];
  return mat4x4<f32>(quadBroadcast(mine, 0u), quadBroadcast(mine, 1u), quadBroadcast(mine, 2u), quadBroadcast(mine, 3u));
}

fn arena_quad(at: u32) -> mat4x4<f32> { return arena_rows(at, 1u); }
