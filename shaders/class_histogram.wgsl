// The sufficient statistics of the queries that are read, one row each, position p of its sequence (docs/theory.md, section 2):
//   counts [rows][C]      n(class) = #{ j < p - TAU : class_j = class }
//   suffix [rows][TAU+1]  class of position p - t, or C where p - t < 1; suffix[0] is the query's own class. C everywhere in
//                         rows that are not used
// Both =. The class of token x at position i is x * DELTA + i % DELTA. One thread a sequence, which walks its tokens once.

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<uniform> space: Space;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read> positions: array<u32>;
@group(0) @binding(4) var<storage, read> tokens: array<u32>;
@group(0) @binding(5) var<storage, read_write> counts: array<u32>;
@group(0) @binding(6) var<storage, read_write> suffix: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= space.sequences) { return; }
  let sequence = id.y * space.sequences + id.x;
  let at_starts = id.y * (space.sequences + 1u) + id.x;
  let first = id.y * space.rows + starts[at_starts];
  let end = id.y * space.rows + starts[at_starts + 1u];
  var residue = 0u;
  var i = 1u;
  for (var row = first; row < end; row++) {
    let position = positions[row];
    for (var c = 0u; c < C; c++) {
      var before = 0u;
      if (row > first) { before = counts[(row - 1u) * C + c]; }
      counts[row * C + c] = before;
    }
    for (; i + TAU < position; i++) {
      residue = select(residue + 1u, 0u, residue + 1u == DELTA);
      counts[row * C + token_at(sequence, i) * DELTA + residue] += 1u;
    }
    for (var t = 0u; t <= TAU; t++) {
      var class_index = C;
      if (t < position) { class_index = token_at(sequence, position - t) * DELTA + (position - t) % DELTA; }
      suffix[row * (TAU + 1u) + t] = class_index;
    }
  }
  let used = starts[id.y * (space.sequences + 1u) + space.sequences];
  for (var row = used + id.x; row < space.rows; row += space.sequences) {
    for (var t = 0u; t <= TAU; t++) { suffix[(id.y * space.rows + row) * (TAU + 1u) + t] = C; }
  }
}
