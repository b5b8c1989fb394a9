// One tensor contraction inside every replica's block of the arena, specialised to its sizes and strides
// (engine/contraction.ts writes them as constants from an einsum such as "hqk,hck->hqc"):
//   out[i0,i1,i2] (+)= SCALE * sum over u < U, v < V of a * b          b is 1 unless HAS_B
// One thread a tile of ROWS (1, 2 or 4) values of i1 times four of i2. An operand that does not depend on an axis (stride 0)
// is loaded once for it: a matrix product takes eight loads for sixteen multiply-adds.
// v1, one output a thread and strides in a uniform: 3x slower on SwiftShader, where loads are scalar. v2, tiles of 1 x 4:
// 1.4x slower there.

@group(0) @binding(0) var<storage, read_write> arena: array<f32>;

fn four(at: u32, stride: u32) -> vec4<f32> {
  if (stride == 0u) { return vec4<f32>(arena[at]); }
  return vec4<f32>(arena[at], arena[at + stride], arena[at + 2u * stride], arena[at + 3u * stride]);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  const TILES1 = (N1 + ROWS - 1u) / ROWS;
  const TILES2 = (N2 + 3u) / 4u;
  if (id.x >= N0 * TILES1 * TILES2) { return; }
  let i2 = (id.x % TILES2) * 4u;
  let i1 = ((id.x / TILES2) % TILES1) * ROWS;
  let i0 = id.x / (TILES1 * TILES2);
  let base = id.y * STRIDE;
  var row_a = base + A_AT + i0 * A0 + i1 * A1 + i2 * A2;
  var row_b = base + B_AT + i0 * B0 + i1 * B1 + i2 * B2;
  var sum = mat4x4<f32>();
  for (var u = 0u; u < U; u++) {
    var at_a = row_a;
    var at_b = row_b;
    for (var v = 0u; v < V; v++) {
      var a = four(at_a, A2);
      var b = vec4<f32>(1.0);
      if (HAS_B) { b = four(at_b, B2); }
      sum[0] += a * b;
      if (ROWS > 1u) {
        if (A1 > 0u) { a = four(at_a + A1, A2); }
        if (B1 > 0u) { b = four(at_b + B1, B2); }
        sum[1] += a * b;
      }
      if (ROWS > 2u) {
        if (A1 > 0u) { a = four(at_a + 2u * A1, A2); }
        if (B1 > 0u) { b = four(at_b + 2u * B1, B2); }
        sum[2] += a * b;
        if (A1 > 0u) { a = four(at_a + 3u * A1, A2); }
        if (B1 > 0u) { b = four(at_b + 3u * B1, B2); }
        sum[3] += a * b;
      }
      at_a += AV;
      at_b += BV;
    }
    row_a += AU;
    row_b += BU;
  }
  // Elements of the tile past the end of an axis were summed from whatever lies there; they are not written.
  let out = base + OUT_AT + i0 * OUT0 + i1 * OUT1 + i2 * OUT2;
  for (var r = 0u; r < min(ROWS, N1 - i1); r++) {
    for (var i = 0u; i < min(4u, N2 - i2); i++) {
      let at = out + r * OUT1 + i * OUT2;
      let value = SCALE * sum[r][i];
      if (ACCUMULATE) { arena[at] += value; } else { arena[at] = value; }
    }
  }
}
