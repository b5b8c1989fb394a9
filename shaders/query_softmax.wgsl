// Softmax of the layer-2 scores of one (sequence, head), chunk by chunk (docs/theory.md, section 1): scores become weights
// e^{score - highest}, highest being the largest score so far, and 0 in rows past the end. running [R*sequences][H] = (highest, sum of
// weights, what earlier sums must be multiplied by, 1 / sum). A single chunk (chunk.whole) is normalised at once: its weights are the
// attention.
// MODE 0: as above.  1: only look for the highest score.  2: the highest score is known. Rounding needs it before any sum, so
// finite precision over several chunks takes 1 and then 2.
// One workgroup a (sequence, head), of few lanes in training, where a barrier costs more than they save. Each thread
// adds runs of 64 positions before it adds the runs, so that rounding grows like the logarithm of T and not like T.

@group(0) @binding(0) var<uniform> chunk: Chunk;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;
@group(0) @binding(2) var<storage, read_write> running: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> scores: array<f32>;
@group(0) @binding(4) var<storage, read> row_starts: array<u32>;

var<workgroup> best: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let head = group.x % H;
  let sequence = group.y * chunk.sequences + group.x / H;
  let length = lengths[sequence];
  let count = min(max(length, chunk.first) - chunk.first, chunk.width);
  let starts = group.y * (chunk.sequences + 1u) + group.x / H;
  let first = (group.y * chunk.sequences * chunk.width + row_starts[starts]) * H_PAD + head;
  let padded = row_starts[starts + 1u] - row_starts[starts];
  let state = sequence * H + head;
  var before = vec4<f32>(-3.4e38, 0.0, 0.0, 0.0);
  if (chunk.first > 0u) { before = running[state]; }

  var highest = before.x;
  if (MODE == 2u) {
    highest = running[state].x;
  } else {
    for (var j = thread; j < count; j += LANES) { highest = max(highest, scores[first + j * H_PAD]); }
    best[thread] = highest;
    for (var half = LANES / 2u; half > 0u; half >>= 1u) {
      workgroupBarrier();
      if (thread < half) { best[thread] = max(best[thread], best[thread + half]); }
    }
    workgroupBarrier();
    highest = best[0];
  }
  if (MODE == 1u) {
    if (thread == 0u) { running[state] = vec4<f32>(highest, 0.0, 0.0, 0.0); }
    return;
  }

  var sum = 0.0;
  for (var run = thread; run < count; run += 64u * LANES) {
    var part = 0.0;
    for (var j = run; j < min(run + 64u * LANES, count); j += LANES) {
      let w = weight(scores[first + j * H_PAD], highest);
      scores[first + j * H_PAD] = w;
      part += w;
    }
    sum += part;
  }
  for (var j = count + thread; j < padded; j += LANES) { scores[first + j * H_PAD] = 0.0; }
  let rescale = weight(before.x, highest);
  let total = before.y * rescale + workgroup_sum(sum, thread);
  if (thread == 0u) { running[state] = vec4<f32>(highest, total, rescale, 1.0 / total); }
  if (chunk.whole == 1u) {
    for (var j = thread; j < count; j += LANES) { scores[first + j * H_PAD] *= 1.0 / total; }
  }
}
