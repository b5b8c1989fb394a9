// Layer-1 attention of one query over the classes of its prefix (docs/theory.md, sections 1 and 2), exact:
//   weight of a position = kept(e^{score - highest}),   score = content_factor * logit, plus suffix_bias(phi[t]) at offset t
// with the functions of the model's rule (src/model/rules/).
// mix rows = attention by class (suffix positions added to their class), then the one-hot query class.
// suffix_weight [R*B][H][TAU+1] = attention of each suffix position. One thread a (row, head).

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> arena: array<f32>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> counts: array<u32>;
@group(0) @binding(4) var<storage, read> suffix: array<u32>;
@group(0) @binding(5) var<storage, read_write> mix: array<f32>;
@group(0) @binding(6) var<storage, read_write> suffix_weight: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let b = id.x / H;
  if (b >= space.rows) { return; }
  let head = id.x % H;
  let row = id.y * space.rows + b;
  let base = id.y * STRIDE;
  let out = row * MIX_STRIDE + MIX_AT + head * C;
  let weight_out = (row * H + head) * (TAU + 1u);
  let query = suffix[row * (TAU + 1u)];
  if (query > C) { return; }
  if (query >= C) {
    // A row past the end of its sequence attends to nothing.
    for (var c = 0u; c < C; c++) { mix[out + c] = 0.0; }
    for (var t = 0u; t <= TAU; t++) { suffix_weight[weight_out + t] = 0.0; }
    if (head == 0u) {
      for (var c = 0u; c < C; c++) { mix[row * MIX_STRIDE + MIX_AT + H * C + c] = 0.0; }
    }
    return;
  }
  let log_position = log(f32(positions[row]));
  let factor = content_factor(log_position, 1.0);
  let logits = base + AT_LOGITS + (head * C + query) * C;
  let phi = base + AT_PHI + head * (TAU + 1u);

  var highest = -3.4e38;
  for (var c = 0u; c < C; c++) {
    if (counts[row * C + c] > 0u) { highest = max(highest, factor * arena[logits + c]); }
  }
  for (var t = 0u; t <= TAU; t++) {
    let c = suffix[row * (TAU + 1u) + t];
    if (c < C) { highest = max(highest, factor * arena[logits + c] + suffix_bias(log_position, arena[phi + t])); }
  }

  var total = 0.0;
  for (var c = 0u; c < C; c++) {
    let n = counts[row * C + c];
    var w = 0.0;
    if (n > 0u) { w = f32(n) * weight(factor * arena[logits + c], highest); }
    mix[out + c] = w;
    total += w;
  }
  for (var t = 0u; t <= TAU; t++) {
    let c = suffix[row * (TAU + 1u) + t];
    var w = 0.0;
    if (c < C) {
      w = weight(factor * arena[logits + c] + suffix_bias(log_position, arena[phi + t]), highest);
      mix[out + c] += w;
    }
    suffix_weight[weight_out + t] = w;
    total += w;
  }

  let normaliser = 1.0 / total;
  for (var c = 0u; c < C; c++) { mix[out + c] *= normaliser; }
  for (var t = 0u; t <= TAU; t++) { suffix_weight[weight_out + t] *= normaliser; }
  if (head == 0u) {
    for (var c = 0u; c < C; c++) { mix[row * MIX_STRIDE + MIX_AT + H * C + c] = select(0.0, 1.0, c == query); }
  }
}
