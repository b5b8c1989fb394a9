// Gradient of layer 2's phi [H][TAU+1], =: sum over the sequences of suffix_bias(1) * grad_score(T - t). The gradients carry
// content_factor already (query_backward.wgsl), which is taken out again. One thread an element.

@group(0) @binding(0) var<uniform> chunk: Chunk;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;
@group(0) @binding(2) var<storage, read> grad_scores: array<f32>;
@group(0) @binding(3) var<storage, read_write> arena: array<f32>;
@group(0) @binding(4) var<storage, read> row_starts: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= H * (TAU + 1u)) { return; }
  let h = id.x / (TAU + 1u);
  let t = id.x % (TAU + 1u);
  let rows = id.y * chunk.sequences * chunk.width;
  var sum = 0.0;
  for (var b = 0u; b < chunk.sequences; b++) {
    let sequence = id.y * chunk.sequences + b;
    let length = lengths[sequence];
    if (t < length) {
      let log_length = log(f32(length));
      let factor = content_factor(log_length, 1.0);
      let slope = select(0.0, suffix_bias(log_length, 1.0) / factor, factor > 0.0);
      sum += slope * grad_scores[(rows + row_starts[id.y * (chunk.sequences + 1u) + b] + length - 1u - t) * H_PAD + h];
    }
  }
  arena[id.y * STRIDE + AT_GRADIENTS + AT_PHI2 + id.x] = sum;
}
