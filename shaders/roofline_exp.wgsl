// Rate of exp: two chains of vec4, unrolled by 2, x = exp(x * scale). out [thread] =, the mean of the eight.
// With scale = -1/2 the chain contracts to the root of x = exp(-x/2), whatever the rounding.

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let scale = vec4(work.scale);
  var a = vec4(f32(id.x & 7u) + work.shift) + vec4(0.0, 0.25, 0.5, 0.75);
  var b = a + 1.0;
  for (var round = 0u; round < work.rounds; round++) {
    a = exp(a * scale); b = exp(b * scale);
    a = exp(a * scale); b = exp(b * scale);
  }
  let sum = a + b;
  out[id.x] = (sum.x + sum.y + sum.z + sum.w) / 8.0;
}
