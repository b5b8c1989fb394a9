// Peak of multiply-adds: chains of vec4, unrolled by UNROLL, x = x * scale + shift. out [thread] =, the sum of the chains' components.
// scale and shift come from a buffer, so that nothing can be folded; with 1 and 1 every sum is a known whole number.
// Unrolled by 4, as in docs/kernels.md, SwiftShader's loop costs as much as its work: 10 GFLOP/s where 16 rounds in one reach 25 to 30.

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let scale = vec4(work.scale);
  let shift = vec4(work.shift);
  let start = vec4(f32(id.x & 7u));
  #for c CHAINS
    var x$c = start;
  #end
  for (var round = 0u; round < work.rounds; round++) {
    #for u UNROLL
      #for c CHAINS
        x$c = fma(x$c, scale, shift);
      #end
    #end
  }
  var sum = vec4(0.0);
  #for c CHAINS
    sum += x$c;
  #end
  out[id.x] = sum.x + sum.y + sum.z + sum.w;
}
