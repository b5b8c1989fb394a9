// Four neighbouring floats of the left side of outer_rows.wgsl. Where ALIGNED, all lanes of a quad ask for the same: each loads
// one and hands it to the others (docs/kernels.md). Loops end together in the lanes of a quad, which is all that a quad needs.

var<private> quad_lane: u32;

fn quad_begin() { quad_lane = subgroupExclusiveAdd(1u) & 3u; }

// None past the end of the buffer.
fn left_four(at: u32) -> vec4<f32> {
  let end = arrayLength(&left) - 1u;
  if (!ALIGNED) {
    let each = min(vec4<u32>(at, at + 1u, at + 2u, at + 3u), vec4<u32>(end));
    return vec4<f32>(left[each.x], left[each.y], left[each.z], left[each.w]);
  }
  let mine = left[min(at + quad_lane, end)];
  return vec4<f32>(quadBroadcast(mine, 0u), quadBroadcast(mine, 1u), quadBroadcast(mine, 2u), quadBroadcast(mine, 3u));
}
