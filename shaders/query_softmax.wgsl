// Softmax of the layer-2 scores of one (sequence, head) over its positions, in place: scores become attention (theory.md,
// section 1; finite precision as in attention_class_forward.wgsl). One workgroup a (sequence, head), of few lanes where
// sequences are short: a barrier costs more than they do. Each thread adds runs of 64 positions before it adds the runs, so that rounding grows like the logarithm of T and not like T.

@group(0) @binding(0) var<uniform> window: Window;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;
@group(0) @binding(2) var<storage, read_write> scores: array<f32>;

var<workgroup> best: array<f32, LANES>;

fn weight(score: f32, highest: f32, log_length: f32) -> f32 {
  if (!FINITE) { return exp(score - highest); }
  let w = exp(log_length * (score - highest));
  return select(w, 0.0, BITS > 0 && w <= exp2(-f32(BITS)));
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let sequence = group.y * window.sequences + group.x / H;
  let length = lengths[sequence];
  let log_length = log(f32(length));
  let first = (group.y * window.sequences * H + group.x) * window.longest;

  var highest = -3.4e38;
  for (var j = thread; j < length; j += LANES) { highest = max(highest, scores[first + j]); }
  best[thread] = highest;
  for (var half = LANES / 2u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (thread < half) { best[thread] = max(best[thread], best[thread + half]); }
  }
  workgroupBarrier();
  highest = best[0];

  var sum = 0.0;
  for (var run = thread; run < length; run += 64u * LANES) {
    var part = 0.0;
    for (var j = run; j < min(run + 64u * LANES, length); j += LANES) {
      let w = weight(scores[first + j], highest, log_length);
      scores[first + j] = w;
      part += w;
    }
    sum += part;
  }
  let normaliser = 1.0 / workgroup_sum(sum, thread);
  for (var j = thread; j < length; j += LANES) { scores[first + j] *= normaliser; }
}
