// Layer-2 attention laid out by position, for reduce_rows.wgsl: attention_rows [rows][H_PAD] =, 0 in empty rows.

@group(0) @binding(0) var<uniform> window: Window;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;
@group(0) @binding(2) var<storage, read> attention: array<f32>;
@group(0) @binding(3) var<storage, read_write> attention_rows: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= window.sequences * window.width) { return; }
  let sequence = id.y * window.sequences + id.x / window.width;
  let position = window.first + id.x % window.width + 1u;
  for (var h = 0u; h < H; h++) {
    var a = 0.0;
    if (position <= lengths[sequence]) { a = attention[(sequence * H + h) * window.longest + position - 1u]; }
    attention_rows[(id.y * window.sequences * window.width + id.x) * H_PAD + h] = a;
  }
}
