// Position and sequence of every row of a chunk that has no histogram (chunk_histogram.wgsl writes the same): positions, owners [rows] =.
// Rows past a sequence's end have position 0, rows past a replica's besides owner NOBODY. One thread a row of a sequence.

@group(0) @binding(0) var<uniform> chunk: Chunk;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;
@group(0) @binding(2) var<storage, read> row_starts: array<u32>;
@group(0) @binding(3) var<storage, read_write> positions: array<u32>;
@group(0) @binding(4) var<storage, read_write> owners: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= chunk.sequences * chunk.width) { return; }
  let b_sequence = id.x / chunk.width;
  let b = id.x % chunk.width;
  let begins = id.y * (chunk.sequences + 1u);
  let start = row_starts[begins + b_sequence];
  let padded = row_starts[begins + b_sequence + 1u] - start;
  let unused = row_starts[begins + chunk.sequences] + b_sequence * chunk.width - start;
  let rows = id.y * chunk.sequences * chunk.width;
  if (b >= padded) {
    positions[rows + unused + b - padded] = 0u;
    owners[rows + unused + b - padded] = NOBODY;
    return;
  }
  let length = lengths[id.y * chunk.sequences + b_sequence];
  let position = chunk.first + b + 1u;
  positions[rows + start + b] = select(position, 0u, position > length);
  owners[rows + start + b] = b_sequence | select(0u, LAST, position == length);
}
