// Where each sequence starts in an absolute encoding's table (src/tasks/sample.ts): offsets [R*B] =, uniform on 0..OFFSETS - length.
// One thread a sequence; OFFSET_KEY sets its stream apart from the tokens'.

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<storage, read> replicas: array<Replica>;
@group(0) @binding(2) var<storage, read> clock: array<u32>;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
@group(0) @binding(4) var<storage, read_write> offsets: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= batch.sequences) { return; }
  let row = id.y * batch.sequences + id.x;
  var stream = word_stream(replicas[id.y].key ^ OFFSET_KEY, clock[0], batch.first_sequence + id.x);
  offsets[row] = below(next_word(&stream), OFFSETS - lengths[row] + 1u);
}
