// Next to no work, for the cost of a dispatch: count[0] +=. One thread; each dispatch waits for the one before, as in training.

@group(0) @binding(0) var<storage, read_write> count: array<u32>;

@compute @workgroup_size(1)
fn main() {
  count[0] += 1u;
}
