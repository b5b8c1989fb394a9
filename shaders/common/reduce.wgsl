// Sum over a workgroup of LANES threads in a fixed order (a tree), so that equal inputs give equal bits.

var<workgroup> partial: array<f32, LANES>;

fn workgroup_sum(value: f32, thread: u32) -> f32 {
  partial[thread] = value;
  for (var half = LANES / 2u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (thread < half) { partial[thread] += partial[thread + half]; }
  }
  workgroupBarrier();
  return partial[0];
}
