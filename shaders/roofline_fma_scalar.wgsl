// Peak of multiply-adds: twelve chains of scalars, unrolled by UNROLL; the rest as in roofline_fma_vector.wgsl, with the same sum for each
// chain.

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let k = work.scale;
  let s = work.shift;
  let start = f32(id.x & 7u);
  #for c CHAINS
    var x$c = start;
  #end
  for (var round = 0u; round < work.rounds; round++) {
    #for u UNROLL
      #for c CHAINS
        x$c = x$c * k + s;
      #end
    #end
  }
  var sum = 0.0;
  #for c CHAINS
    sum += x$c;
  #end
  out[id.x] = sum;
}
