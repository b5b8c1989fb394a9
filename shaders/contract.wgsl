// One tensor contraction inside every replica's block of the arena, specialised to its sizes and strides
// (engine/contraction.ts writes them as constants from an einsum such as "hqk,hck->hqc"):
//   out[i0,i1,i2] (+)= SCALE * sum over u < U, v < V of a * b          b is 1 unless HAS_B
// One thread four neighbouring i2, which share the operand that does not depend on i2 (stride 0): five loads for four
// multiply-adds. v1, one thread an output and strides in a uniform: 3x slower on SwiftShader, where loads are scalar.

@group(0) @binding(0) var<storage, read_write> arena: array<f32>;

fn four(at: u32, stride: u32) -> vec4<f32> {
  if (stride == 0u) { return vec4<f32>(arena[at]); }
  return vec4<f32>(arena[at], arena[at + stride], arena[at + 2u * stride], arena[at + 3u * stride]);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  const TILES = (N2 + 3u) / 4u;
  if (id.x >= N0 * N1 * TILES) { return; }
  let i2 = (id.x % TILES) * 4u;
  let i1 = (id.x / TILES) % N1;
  let i0 = id.x / (TILES * N1);
  let base = id.y * STRIDE;
  var row_a = base + A_AT + i0 * A0 + i1 * A1 + i2 * A2;
  var row_b = base + B_AT + i0 * B0 + i1 * B1 + i2 * B2;
  var sum = vec4<f32>();
  for (var u = 0u; u < U; u++) {
    var at_a = row_a;
    var at_b = row_b;
    for (var v = 0u; v < V; v++) {
      if (HAS_B) { sum += four(at_a, A2) * four(at_b, B2); } else { sum += four(at_a, A2); }
      at_a += AV;
      at_b += BV;
    }
    row_a += AU;
    row_b += BU;
  }
  sum *= SCALE;
  let out = base + OUT_AT + i0 * OUT0 + i1 * OUT1 + i2 * OUT2;
  for (var i = 0u; i < min(4u, N2 - i2); i++) {
    if (ACCUMULATE) { arena[out + i * OUT2] += sum[i]; } else { arena[out + i * OUT2] = sum[i]; }
  }
}
