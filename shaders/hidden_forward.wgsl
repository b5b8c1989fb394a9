// Hidden units of layer 1 in a two-layer model: the first M_PAD floats of each state row,
//   state[row][0..M_PAD) = psi( table[H*C + query] + sum_k mix[k] table[k] )
// with the feature table of features_forward.wgsl (A V_h y_class, and A y_query + b). Rows without a query get 0; rows of
// nobody (chunk_histogram.wgsl) are left alone. Whoever reads state rows as they are made: common/read_*.wgsl.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> suffix: array<u32>;
@group(0) @binding(3) var<storage, read_write> state: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (suffix[(group.y * space.rows + group.x * 64u) * (TAU + 1u)] > C) { return; }
  quad_begin();
  // Rows past the end repeat the last one, so that control flow stays uniform for the quads.
  let at = min(id.x, space.rows - 1u);
  let row = id.y * space.rows + at;
  let query = suffix[row * (TAU + 1u)];
  let table = (id.y * STRIDE + AT_FEATURES) / 4u;
  let residual = table + (H * C + min(query, C - 1u)) * (F / 4u);
  let inside = select(0.0, 1.0, query < C);
  #call begin_reading()
  for (var j = 0u; j < M_PAD / 4u; j += 4u) {
    var pre = mat4x4<f32>(arena[residual + j], arena[residual + j + 1u], arena[residual + j + 2u], arena[residual + j + 3u]);
    for (var k = 0u; k < H * C; k++) {
      pre += state[(row * MIX_STRIDE + MIX_AT + k) / 4u][k % 4u] * arena_quad(table + k * (F / 4u) + j);
    }
    let out = row * (Z / 4u) + j;
    #for c 4
      let z$c = inside * activate(pre[$c]);
      state[out + $cu] = z$c;
    #end
    #call read()
  }
  #call end_reading()
}
