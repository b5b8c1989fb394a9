// Sum over heads of a gradient that all heads share: output [rows][D4] = sum_h parts [rows][HEADS][D4], += where ADD. One thread a vec4.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> parts: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let at = id.x / D4;
  if (at >= starts[id.y * (space.sequences + 1u) + space.sequences]) { return; }
  let row = id.y * space.rows + at;
  var sum = vec4<f32>();
  for (var h = 0u; h < HEADS; h++) { sum += parts[(row * HEADS + h) * D4 + id.x % D4]; }
  let out = row * D4 + id.x % D4;
  if (ADD) { output[out] += sum; } else { output[out] = sum; }
}
