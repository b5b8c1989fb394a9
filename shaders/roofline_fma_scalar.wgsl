// Peak of multiply-adds: eight chains of scalars, unrolled by 4; the rest as in roofline_fma_vector.wgsl, with the same sum.

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let k = work.scale;
  let s = work.shift;
  var a = f32(id.x & 7u); var b = a; var c = a; var d = a;
  var e = a + 1.0; var f = e; var g = e; var h = e;
  for (var round = 0u; round < work.rounds; round++) {
    a = a * k + s; b = b * k + s; c = c * k + s; d = d * k + s; e = e * k + s; f = f * k + s; g = g * k + s; h = h * k + s;
    a = a * k + s; b = b * k + s; c = c * k + s; d = d * k + s; e = e * k + s; f = f * k + s; g = g * k + s; h = h * k + s;
    a = a * k + s; b = b * k + s; c = c * k + s; d = d * k + s; e = e * k + s; f = f * k + s; g = g * k + s; h = h * k + s;
    a = a * k + s; b = b * k + s; c = c * k + s; d = d * k + s; e = e * k + s; f = f * k + s; g = g * k + s; h = h * k + s;
  }
  out[id.x] = a + b + c + d + e + f + g + h;
}
