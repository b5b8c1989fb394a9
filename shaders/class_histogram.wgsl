// The sufficient statistics of a row's query, the last position T of its sequence (theory.md, section 2):
//   counts [R*B][C]      n(class) = #{ j < T - TAU : class_j = class }
//   suffix [R*B][TAU+1]  class of position T - t, or C where T - t < 1; suffix[0] is the query's own class
// Both =. The class of token x at position i is x * DELTA + i % DELTA.

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;
@group(0) @binding(2) var<storage, read> tokens: array<u32>;
@group(0) @binding(3) var<storage, read_write> counts: array<u32>;
@group(0) @binding(4) var<storage, read_write> suffix: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= batch.rows) { return; }
  let row = id.y * batch.rows + id.x;
  let length = lengths[row];
  for (var c = 0u; c < C; c++) { counts[row * C + c] = 0u; }
  var residue = 0u;
  for (var i = 1u; i + TAU < length; i++) {
    residue = select(residue + 1u, 0u, residue + 1u == DELTA);
    counts[row * C + token_at(row, i) * DELTA + residue] += 1u;
  }
  for (var t = 0u; t <= TAU; t++) {
    var class_index = C;
    if (t < length) { class_index = token_at(row, length - t) * DELTA + (length - t) % DELTA; }
    suffix[row * (TAU + 1u) + t] = class_index;
  }
}
