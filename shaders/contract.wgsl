// One tensor contraction inside every replica's block of the arena, as strides (engine/contraction.ts writes them from an
// einsum such as "hqk,hck->hqc"):
//   out[i] (+)= scale * sum over the two reduced axes of a * b          b is 1 when has_b = 0
// The output has up to three axes, the reduction up to two. One thread an output element.

struct Contraction {
  size: vec4<u32>,       // three output axes, then has_b
  reduce: vec4<u32>,     // two reduced axes, then accumulate, then free
  a: vec4<u32>,          // strides over the output axes, then offset
  b: vec4<u32>,
  out: vec4<u32>,
  reduce_a: vec2<u32>,   // strides over the reduced axes
  reduce_b: vec2<u32>,
  scale: f32,
}

@group(0) @binding(0) var<uniform> op: Contraction;
@group(0) @binding(1) var<storage, read_write> arena: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= op.size.x * op.size.y * op.size.z) { return; }
  let i = vec3<u32>(id.x / (op.size.y * op.size.z), (id.x / op.size.z) % op.size.y, id.x % op.size.z);
  let base = id.y * STRIDE;
  let a = base + op.a.w + dot(i, op.a.xyz);
  let b = base + op.b.w + dot(i, op.b.xyz);
  var sum = 0.0;
  for (var u = 0u; u < op.reduce.x; u++) {
    var at_a = a + u * op.reduce_a.x;
    var at_b = b + u * op.reduce_b.x;
    for (var v = 0u; v < op.reduce.y; v++) {
      if (op.size.w == 1u) { sum += arena[at_a] * arena[at_b]; } else { sum += arena[at_a]; }
      at_a += op.reduce_a.y;
      at_b += op.reduce_b.y;
    }
  }
  let out = base + op.out.w + dot(i, op.out.xyz);
  if (op.reduce.z == 1u) { arena[out] += op.scale * sum; } else { arena[out] = op.scale * sum; }
}
