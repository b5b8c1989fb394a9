// Four floats of the arena, `stride` apart, the same four in all lanes of a quad: each lane loads one and hands it to the others
// (kernels.md).

var<private> quad_lane: u32;

fn quad_begin() { quad_lane = subgroupExclusiveAdd(1u) & 3u; }

fn four_rows(at: u32, stride: u32) -> vec4<f32> {
  let mine = arena[at + quad_lane * stride];
  return vec4<f32>(quadBroadcast(mine, 0u), quadBroadcast(mine, 1u), quadBroadcast(mine, 2u), quadBroadcast(mine, 3u));
}
