// Ends a training step: clock[0] is the step, clock[1] its slot in the loss ring. One thread.

@group(0) @binding(0) var<storage, read_write> clock: array<u32>;

@compute @workgroup_size(1)
fn main() {
  clock[0] += 1u;
  clock[1] = (clock[1] + 1u) % RING;
}
