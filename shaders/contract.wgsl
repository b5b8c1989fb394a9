// One tensor contraction inside every replica's block of the arena, specialised to its sizes and strides
// (engine/contraction.ts writes them as constants from an einsum such as "hqk,hck->hqc"):
//   out[i0,i1,i2] (+)= SCALE * sum over u < U, v < V of a * b          b is 1 unless HAS_B
// One thread a tile of ROWS values of i1 times four of i2. A PRODUCT has a depend on i1 and not i2, b on i2 and not i1: then the
// four lanes of a quad, which share i1, load a quarter of a's values each. Eight rows take six loads for 32 multiply-adds.
// v1, one output a thread and strides in a uniform: 3x slower on SwiftShader, where loads are scalar, than v2, tiles of 4 x 4
// without quads: eight loads for sixteen multiply-adds.

// Floats into a replica's block: not constants, so that layers alike share their kernels.
struct Places { a: u32, b: u32, out: u32 }

@group(0) @binding(0) var<uniform> places: Places;
@group(0) @binding(1) var<storage, read_write> arena: array<f32>;

const TILES1 = (N1 + ROWS - 1u) / ROWS;
// Whole quads share i1.
const TILES2 = (N2 + 15u) / 16u * 4u;

fn four(at: u32, stride: u32, columns: vec4<u32>) -> vec4<f32> {
  if (stride == 0u) { return vec4<f32>(arena[at]); }
  let each = at + columns * stride;
  return vec4<f32>(arena[each.x], arena[each.y], arena[each.z], arena[each.w]);
}

// Elements of a tile past the end of an axis are those of its last, again; they are not written.
fn store(out: u32, i1: u32, i2: u32, sum: vec4<f32>) {
  if (i1 >= N1) { return; }
  for (var i = 0u; i < min(4u, N2 - i2); i++) {
    let at = out + i * OUT2;
    let value = SCALE * sum[i];
    if (ACCUMULATE) { arena[at] += value; } else { arena[at] = value; }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  quad_begin();
  if (id.x >= N0 * TILES1 * TILES2) { return; }
  let i2 = (id.x % TILES2) * 4u;
  let i1 = ((id.x / TILES2) % TILES1) * ROWS;
  let i0 = id.x / (TILES1 * TILES2);
  let base = id.y * STRIDE;
  let columns = min(vec4<u32>(i2, i2 + 1u, i2 + 2u, i2 + 3u), vec4<u32>(N2 - 1u));
  let last = N1 - 1u - i1;
  let near = rows_from(0u, last, A1);
  let far = rows_from(4u, last, A1);
  var row_a = base + places.a + i0 * A0 + i1 * A1;
  var row_b = base + places.b + i0 * B0 + i1 * B1;
  var s = mat4x4<f32>();
  var t = mat4x4<f32>();
  for (var u = 0u; u < U; u++) {
    var at_a = row_a;
    var at_b = row_b;
    for (var v = 0u; v < V; v++) {
      if (PRODUCT) {
        let b = four(at_b, B2, columns);
        let a = four_rows(at_a, near);
        s[0] += a[0] * b;
        if (ROWS > 1u) { s[1] += a[1] * b; }
        if (ROWS > 2u) { s[2] += a[2] * b; }
        if (ROWS > 3u) { s[3] += a[3] * b; }
        if (ROWS > 4u) {
          let c = four_rows(at_a, far);
          t[0] += c[0] * b;
          if (ROWS > 5u) { t[1] += c[1] * b; }
          if (ROWS > 6u) { t[2] += c[2] * b; }
          if (ROWS > 7u) { t[3] += c[3] * b; }
        }
      } else {
        var b = vec4<f32>(1.0);
        if (HAS_B) { b = four(at_b, B2, columns); }
        s[0] += four(at_a, A2, columns) * b;
        for (var r = 1u; r < ROWS; r++) {
          if (HAS_B && B1 > 0u) { b = four(at_b + min(r, last) * B1, B2, columns); }
          s[r] += four(at_a + min(r, last) * A1, A2, columns) * b;
        }
      }
      at_a += AV;
      at_b += BV;
    }
    row_a += AU;
    row_b += BU;
  }
  if (i2 >= N2) { return; }
  let out = base + places.out + i0 * OUT0 + i1 * OUT1 + i2 * OUT2;
  store(out, i1, i2, s[0]);
  if (ROWS > 1u) { store(out + OUT1, i1 + 1u, i2, s[1]); }
  if (ROWS > 2u) { store(out + 2u * OUT1, i1 + 2u, i2, s[2]); }
  if (ROWS > 3u) { store(out + 3u * OUT1, i1 + 3u, i2, s[3]); }
  if (ROWS > 4u) { store(out + 4u * OUT1, i1 + 4u, i2, t[0]); }
  if (ROWS > 5u) { store(out + 5u * OUT1, i1 + 5u, i2, t[1]); }
  if (ROWS > 6u) { store(out + 6u * OUT1, i1 + 6u, i2, t[2]); }
  if (ROWS > 7u) { store(out + 7u * OUT1, i1 + 7u, i2, t[3]); }
}
