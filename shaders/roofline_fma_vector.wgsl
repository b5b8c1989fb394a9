// Peak of multiply-adds: two chains of vec4, unrolled by 4, x = x * scale + shift. out [thread] =, the sum of the chains.
// scale and shift come from a buffer, so that nothing can be folded; with 1 and 1 every sum is a known whole number.
// On SwiftShader and lavapipe one chain of scalars reaches a third of this (kernels.md).

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let scale = vec4(work.scale);
  let shift = vec4(work.shift);
  var a = vec4(f32(id.x & 7u));
  var b = a + 1.0;
  for (var round = 0u; round < work.rounds; round++) {
    a = a * scale + shift; b = b * scale + shift;
    a = a * scale + shift; b = b * scale + shift;
    a = a * scale + shift; b = b * scale + shift;
    a = a * scale + shift; b = b * scale + shift;
  }
  let sum = a + b;
  out[id.x] = sum.x + sum.y + sum.z + sum.w;
}
