// Whether a workgroup of 64 has no rows of a chunk. Uniform in the workgroup, so that quads may follow.

fn past_the_end(group: vec3<u32>) -> bool {
  return owners[group.y * chunk.sequences * chunk.width + group.x * 64u] == NOBODY;
}
