// Four neighbouring floats of the left side of outer_rows.wgsl. Where ALIGNED, all lanes of a quad ask for the same: each loads
// one and hands it to the others (kernels.md). Loops end together in the lanes of a quad, which is all that a quad needs.

var<private> quad_lane: u32;

fn quad_begin() { quad_lane = subgroupExclusiveAdd(1u) & 3u; }

fn left_four(at: u32) -> vec4<f32> {
  if (!ALIGNED) { return vec4<f32>(left[at], left[at + 1u], left[at + 2u], left[at + 3u]); }
  let mine = left[at + quad_lane];
  return vec4<f32>(quadBroadcast(mine, 0u), quadBroadcast(mine, 1u), quadBroadcast(mine, 2u), quadBroadcast(mine, 3u));
}
