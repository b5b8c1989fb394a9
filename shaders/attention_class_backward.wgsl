// Gradient of attention_class_forward: softmax backward over classes and suffix positions. With g the gradient with
// respect to the attention of a class and mean = sum over classes of attention * g:
//   grad_logits [rows][G]  class part  attention(class) (g(class) - mean) * content_factor
//                          phi part    suffix_weight(t) (g(class_t) - mean) * suffix_bias(1)
// Both =; they belong to the row's query class, by which outer_rows sums them. Rounded-away weights carry no gradient.
// One thread a (row, head).

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> positions: array<u32>;
@group(0) @binding(2) var<storage, read> suffix: array<u32>;
@group(0) @binding(3) var<storage, read> mix: array<f32>;
@group(0) @binding(4) var<storage, read> suffix_weight: array<f32>;
@group(0) @binding(5) var<storage, read> grad_mix: array<f32>;
@group(0) @binding(6) var<storage, read_write> grad_logits: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let b = id.x / H;
  if (b >= space.rows) { return; }
  let head = id.x % H;
  let row = id.y * space.rows + b;
  if (suffix[row * (TAU + 1u)] > C) { return; }
  let log_position = log(f32(max(positions[row], 1u)));
  let factor = content_factor(log_position, 1.0);
  let slope = suffix_bias(log_position, 1.0);
  let attention = row * MIX_STRIDE + MIX_AT + head * C;
  let grad = row * H * C + head * C;

  var mean = 0.0;
  for (var c = 0u; c < C; c++) { mean += mix[attention + c] * grad_mix[grad + c]; }
  for (var c = 0u; c < C; c++) {
    grad_logits[row * G + head * C + c] = factor * mix[attention + c] * (grad_mix[grad + c] - mean);
  }
  for (var t = 0u; t <= TAU; t++) {
    let c = suffix[row * (TAU + 1u) + t];
    var g = 0.0;
    if (c < C) { g = slope * suffix_weight[(row * H + head) * (TAU + 1u) + t] * (grad_mix[grad + c] - mean); }
    grad_logits[row * G + H * C + head * (TAU + 1u) + t] = g;
  }
}
