// Takes the sequences of a step out of the records that the host made, in place of sample.wgsl:
// tokens [R*B][token_words], lengths [R*B], both =. One thread a sequence.

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<uniform> window: Window;
@group(0) @binding(2) var<storage, read> clock: array<u32>;
@group(0) @binding(3) var<storage, read> record_starts: array<u32>;
@group(0) @binding(4) var<storage, read> records: array<u32>;
@group(0) @binding(5) var<storage, read_write> lengths: array<u32>;
@group(0) @binding(6) var<storage, read_write> tokens: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  if (id.x >= batch.sequences) { return; }
  let row = id.y * batch.sequences + id.x;
  let record = record_of(row, groups.y * batch.sequences);
  lengths[row] = length_of(record);
  for (var word = 0u; word < token_words_of(record); word++) {
    tokens[row * batch.token_words + word] = records[record + 2u + word];
  }
}
