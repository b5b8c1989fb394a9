// Takes the targets of a step out of the records that the host made, in place of target.wgsl: targets [rows][O] =, classes as 1 among 0,
// and weights [rows] =, 1 in reads that have a target and else 0. Without MANY_READS every row is the read of one whole sequence, and
// weights stay 1. With PLACED the reads are the positions of the targets, in place of draw_reads.wgsl: positions, owners [rows] =. One
// thread a sequence.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<uniform> window: Window;
@group(0) @binding(2) var<storage, read> clock: array<u32>;
@group(0) @binding(3) var<storage, read> record_starts: array<u32>;
@group(0) @binding(4) var<storage, read> records: array<u32>;
@group(0) @binding(5) var<storage, read_write> targets: array<f32>;
#if MANY_READS
@group(0) @binding(6) var<storage, read_write> weights: array<f32>;
@group(0) @binding(7) var<storage, read> starts: array<u32>;
#if PLACED
@group(0) @binding(8) var<storage, read_write> positions: array<u32>;
@group(0) @binding(9) var<storage, read_write> owners: array<u32>;
#else
@group(0) @binding(8) var<storage, read> positions: array<u32>;
#end
#end

// Where the targets of a record begin.
fn values_of(record: u32) -> u32 {
  return record + 2u + token_words_of(record) + select(0u, targets_of(record), records[record] >= WRITTEN_OUT);
}

// The position of target i.
fn place_of(record: u32, i: u32) -> u32 {
  if (records[record] >= WRITTEN_OUT) { return records[record + 2u + token_words_of(record) + i]; }
  return length_of(record) - targets_of(record) + 1u + i;
}

fn put_target(row: u32, values: u32, i: u32) {
  #if CLASSES
    let label = (records[values + (i >> 2u)] >> ((i & 3u) * 8u)) & 0xffu;
    for (var o = 0u; o < O; o++) { targets[row * O + o] = select(0.0, 1.0, o == label); }
  #else
    for (var o = 0u; o < O; o++) { targets[row * O + o] = bitcast<f32>(records[values + i * O + o]); }
  #end
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= space.sequences) { return; }
  let sequence = id.y * space.sequences + id.x;
  let record = record_of(sequence, space.replicas * space.sequences);
  let values = values_of(record);
  #if !MANY_READS
    put_target(sequence, values, 0u);
  #end
  #if MANY_READS
    let at_starts = id.y * (space.sequences + 1u);
    let rows = id.y * space.rows;
    let first = rows + starts[at_starts + id.x];
    let end = rows + starts[at_starts + id.x + 1u];
    let used = starts[at_starts + space.sequences];
    #if PLACED
      for (var row = first; row < end; row++) {
        positions[row] = place_of(record, row - first);
        owners[row] = id.x;
        weights[row] = 1.0;
        put_target(row, values, row - first);
      }
      for (var unused = used + id.x; unused < space.rows; unused += space.sequences) {
        positions[rows + unused] = 0u;
        owners[rows + unused] = NOBODY;
        weights[rows + unused] = 0.0;
      }
    #else
      let count = targets_of(record);
      var next = 0u;
      for (var row = first; row < end; row++) {
        let read = positions[row];
        while (next < count && place_of(record, next) < read) { next += 1u; }
        let has = read > 0u && next < count && place_of(record, min(next, count - 1u)) == read;
        weights[row] = select(0.0, 1.0, has);
        if (has) { put_target(row, values, next); }
      }
      for (var unused = used + id.x; unused < space.rows; unused += space.sequences) { weights[rows + unused] = 0.0; }
    #end
  #end
}
