// Whether all rows of a workgroup of 64 lie past the end of one sequence. Then it has nothing to do: wherever the rows are
// read, they are multiplied by attention 0. Uniform in the workgroup, so that quads may follow.

fn past_the_end(group: vec3<u32>) -> bool {
  let first = group.x * 64u;
  let sequence = group.y * window.sequences + first / window.width;
  return window.width % 64u == 0u && window.first + first % window.width >= lengths[sequence];
}
