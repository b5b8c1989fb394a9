// One linear map of every row of a row set, its table [K][N] in the arena at places.table (rows and columns padded with zeros to 16):
//   out[row] = finish( x W )            x = in[row], or psi(in[row]) where ACTIVATE                W the table
//   out[row] = finish( x W^T )          where TRANSPOSED: the way back
// with finish from common/finish_*.wgsl. A thread computes four rows of 16 columns (group z); the lanes of a quad are neighbouring
// rows, so they share the loads of the table (docs/kernels.md). Tried on SwiftShader: two rows a thread, the same speed, one 0.6 times;
// mat4x4 loads with the table transposed for the way back, 0.85 times. Rows of a replica past its last are left alone.

// Floats into a replica's block: not constants, so that layers alike share their kernels.
struct Places { table: u32, bias: u32 }

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> output: array<vec4<f32>>;
@group(0) @binding(6) var<uniform> places: Places;

fn input_at(at: u32) -> vec4<f32> {
  if (ACTIVATE) { return activate(input[at]); }
  return input[at];
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let count = starts[group.y * (space.sequences + 1u) + space.sequences];
  if (group.x * 256u >= count) { return; }
  quad_begin();
  let table = (group.y * STRIDE + places.table) / 4u;
  let column4 = group.z * 4u;
  #for r 4
    // Rows past the end repeat the last one, so that control flow stays uniform for the quads.
    let row$r = group.y * space.rows + min(group.x * 256u + $ru * 64u + thread, count - 1u);
    var sum$r = mat4x4<f32>();
  #end
  if (TRANSPOSED) {
    for (var n4 = 0u; n4 < IN4; n4++) {
      #for r 4
        let x$r = input_at(row$r * IN4 + n4);
      #end
      #for c 4
        let w$c = arena_rows(table + (column4 + $cu) * 4u * IN4 + n4, IN4);
        #for r 4
          sum$r[$c] += x$r * w$c;
        #end
      #end
    }
  } else {
    for (var k4 = 0u; k4 < IN4; k4++) {
      #for r 4
        let x$r = input_at(row$r * IN4 + k4);
      #end
      #for c 4
        let w$c = arena_quad(table + (k4 * 4u + $cu) * OUT4 + column4);
        #for r 4
          sum$r += x$r[$c] * w$c;
        #end
      #end
    }
  }
  #for r 4
    if (group.x * 256u + $ru * 64u + thread < count) {
      #for c 4
        output[row$r * OUT4 + column4 + $cu] = finish(sum$r[$c], group.y, row$r, column4 + $cu);
      #end
    }
  #end
}
