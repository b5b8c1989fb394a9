// Whose a row of a window is: owners [R*rows] = the sequence's number in its replica, with LAST at its last position; NOBODY
// from the end of a replica's rows on (window_histogram.wgsl).

const NOBODY = 0xffffffffu;
const LAST = 0x80000000u;

// Whether a workgroup of 64 has no rows. Uniform in the workgroup, so that quads may follow.
fn past_the_end(group: vec3<u32>) -> bool {
  return owners[group.y * window.sequences * window.width + group.x * 64u] == NOBODY;
}

// The sequence of a row; some sequence where the row is nobody's.
fn sequence_of(owner: u32) -> u32 { return min(owner & ~LAST, window.sequences - 1u); }
