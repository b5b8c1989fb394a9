// The sufficient statistics of class_histogram.wgsl for every position of one sequence: row b of the batch is the prefix that
// ends at position batch.first_sequence + b + 1. One thread a block of BLOCK rows: it starts from the block's own histogram,
// starts [blocks][C] = counts of its first row, and moves one class out of the suffix each row.
// counts [B][C], suffix [B][TAU+1], lengths [B], all =.

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<storage, read> tokens: array<u32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read_write> counts: array<u32>;
@group(0) @binding(4) var<storage, read_write> suffix: array<u32>;
@group(0) @binding(5) var<storage, read_write> lengths: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = id.x * BLOCK;
  if (first >= batch.rows) { return; }
  for (var b = first; b < min(first + BLOCK, batch.rows); b++) {
    let position = batch.first_sequence + b + 1u;
    var leaving = C;
    if (b > first && position > TAU + 1u) {
      let at = position - TAU - 1u;
      leaving = token_at(0u, at) * DELTA + at % DELTA;
    }
    for (var c = 0u; c < C; c++) {
      var before = 0u;
      if (b == first) { before = starts[id.x * C + c]; } else { before = counts[(b - 1u) * C + c]; }
      counts[b * C + c] = before + select(0u, 1u, c == leaving);
    }
    for (var t = 0u; t <= TAU; t++) {
      var class_index = C;
      if (t < position) { class_index = token_at(0u, position - t) * DELTA + (position - t) % DELTA; }
      suffix[b * (TAU + 1u) + t] = class_index;
    }
    lengths[b] = position;
  }
}
