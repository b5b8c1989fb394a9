// Draws one sequence a row: its length, of SHORTEST or more, then its tokens from the law that follows (tasks/laws/), which may be more.
// The first word of the stream is the length's, whether it is used or not, so that both length modes share tokens' words.
// tokens [R*B][token_words], lengths [R*B], both =.  Source: docs/theory.md, section 3.

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<storage, read> replicas: array<Replica>;
@group(0) @binding(2) var<storage, read> clock: array<u32>;
@group(0) @binding(3) var<storage, read_write> lengths: array<u32>;
@group(0) @binding(4) var<storage, read_write> tokens: array<u32>;

var<private> packed: u32;

fn put_token(row: u32, i: u32, token: u32) {
  let at = i - 1u;
  if ((at & 3u) == 0u) { packed = 0u; }
  packed |= token << ((at & 3u) * 8u);
  tokens[row * batch.token_words + (at >> 2u)] = packed;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= batch.sequences) { return; }
  let replica = replicas[id.y];
  let row = id.y * batch.sequences + id.x;
  let sequence = batch.first_sequence + id.x;
  var stream = word_stream(replica.key, clock[0], sequence);
  let longest = select(batch.length, replica.train_length, batch.length == 0u);
  let drawn = below(next_word(&stream), longest - SHORTEST + 1u) + SHORTEST;
  let length = select(longest + sequence % batch.spread, drawn, batch.uniform_length == 1u);
  lengths[row] = draw_tokens(&stream, row, length, replica);
}
