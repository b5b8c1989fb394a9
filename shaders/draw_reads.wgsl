// Which positions of each sequence are read (src/tasks/sample.ts, drawReads): min(count, length) of 1..length, uniformly without
// repetition, rising, by selection sampling: positions, owners [rows] =. Rows past a replica's last read have position 0 and owner
// NOBODY. One thread a sequence; READS_KEY sets its stream apart from the tokens'.

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<uniform> space: Space;
@group(0) @binding(2) var<storage, read> replicas: array<Replica>;
@group(0) @binding(3) var<storage, read> clock: array<u32>;
@group(0) @binding(4) var<storage, read> lengths: array<u32>;
@group(0) @binding(5) var<storage, read> starts: array<u32>;
@group(0) @binding(6) var<storage, read_write> positions: array<u32>;
@group(0) @binding(7) var<storage, read_write> owners: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= space.sequences) { return; }
  let rows = id.y * space.rows;
  let at_starts = id.y * (space.sequences + 1u);
  var row = starts[at_starts + id.x];
  let end = starts[at_starts + id.x + 1u];
  let length = lengths[id.y * space.sequences + id.x];
  var stream = word_stream(replicas[id.y].key ^ READS_KEY, clock[0], batch.first_sequence + id.x);
  for (var i = 1u; i <= length && row < end; i++) {
    if (below(next_word(&stream), length - i + 1u) < end - row) {
      positions[rows + row] = i;
      owners[rows + row] = id.x;
      row += 1u;
    }
  }
  let used = starts[at_starts + space.sequences];
  for (var unused = used + id.x; unused < space.rows; unused += space.sequences) {
    positions[rows + unused] = 0u;
    owners[rows + unused] = NOBODY;
  }
}
