// RMS norm of every row (docs/theory.md, section 10): out [rows][D4] = g * y / sqrt(mean(y^2) + 1e-6), g at place.gain. Padding columns
// stay 0. One thread a row.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> arena: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> output: array<vec4<f32>>;
@group(0) @binding(5) var<uniform> place: Place;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= starts[id.y * (space.sequences + 1u) + space.sequences]) { return; }
  let row = (id.y * space.rows + id.x) * D4;
  var squares = 0.0;
  for (var c = 0u; c < D4; c++) { squares += dot(y[row + c], y[row + c]); }
  let inverse = inverse_rms(squares);
  for (var c = 0u; c < D4; c++) { output[row + c] = gain(id.y, c) * (y[row + c] * inverse); }
}
