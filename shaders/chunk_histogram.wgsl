// The sufficient statistics of class_histogram.wgsl for every position of a chunk (docs/theory.md, section 2):
//   counts [rows][C], suffix [rows][TAU+1], =. Rows past a sequence's end have suffix C; rows past a replica's, suffix C + 1 at
//   offset 0, and nobody touches the rest of them.
// One thread a block of BLOCK positions: it starts from the running counts before its block, less the suffix, and moves one
// class out of the suffix each row.

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<uniform> chunk: Chunk;
@group(0) @binding(2) var<storage, read> lengths: array<u32>;
@group(0) @binding(3) var<storage, read> tokens: array<u32>;
@group(0) @binding(4) var<storage, read> starts: array<u32>;
@group(0) @binding(5) var<storage, read> row_starts: array<u32>;
@group(0) @binding(6) var<storage, read_write> counts: array<u32>;
@group(0) @binding(7) var<storage, read_write> suffix: array<u32>;

fn class_at(sequence: u32, i: u32) -> u32 { return token_at(sequence, i) * DELTA + i % DELTA; }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let blocks = (chunk.width + BLOCK - 1u) / BLOCK;
  if (id.x >= chunk.sequences * blocks) { return; }
  let b_sequence = id.x / blocks;
  let sequence = id.y * chunk.sequences + b_sequence;
  let first = (id.x % blocks) * BLOCK;
  let begins = id.y * (chunk.sequences + 1u);
  let start = row_starts[begins + b_sequence];
  let padded = row_starts[begins + b_sequence + 1u] - start;
  // Rows that this sequence leaves unused lie at the replica's end, behind those of the sequences before it.
  let unused = row_starts[begins + chunk.sequences] + b_sequence * chunk.width - start;
  let rows = id.y * chunk.sequences * chunk.width;
  let length = lengths[sequence];
  for (var b = first; b < min(first + BLOCK, chunk.width); b++) {
    if (b >= padded) {
      suffix[(rows + unused + b - padded) * (TAU + 1u)] = C + 1u;
      continue;
    }
    let row = rows + start + b;
    let position = chunk.first + b + 1u;
    if (position > length) {
      for (var t = 0u; t <= TAU; t++) { suffix[row * (TAU + 1u) + t] = C; }
      continue;
    }
    if (b == first) {
      for (var c = 0u; c < C; c++) { counts[row * C + c] = starts[(sequence * blocks + id.x % blocks) * C + c]; }
      for (var t = 1u; t <= min(TAU, position - 1u); t++) { counts[row * C + class_at(sequence, position - t)] -= 1u; }
    } else {
      var leaving = C;
      if (position > TAU + 1u) { leaving = class_at(sequence, position - TAU - 1u); }
      for (var c = 0u; c < C; c++) { counts[row * C + c] = counts[(row - 1u) * C + c] + select(0u, 1u, c == leaving); }
    }
    for (var t = 0u; t <= TAU; t++) {
      var class_index = C;
      if (t < position) { class_index = class_at(sequence, position - t); }
      suffix[row * (TAU + 1u) + t] = class_index;
    }
  }
}
