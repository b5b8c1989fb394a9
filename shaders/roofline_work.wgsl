// What the rate kernels of the roofline share: how much each thread does, with what, and where its result goes.

struct Work { rounds: u32, scale: f32, shift: f32, unused: u32 }

@group(0) @binding(0) var<storage, read> work: Work;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
