// Gradient of norm_forward. With z = y / rms, h = g * grad_out:
//   grad_y   [rows][D4] = other + (h - z mean(h z)) / rms      =     (other: what reaches y by another way, where HAS_OTHER)
//   products [rows][D4] = grad_out * z                         =     whose sum over rows is the gradient of g
// One thread a row.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> arena: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> grad_output: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> other: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> grad_y: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> products: array<vec4<f32>>;
@group(0) @binding(8) var<uniform> place: Place;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= starts[id.y * (space.sequences + 1u) + space.sequences]) { return; }
  let row = (id.y * space.rows + id.x) * D4;
  var squares = 0.0;
  var along = 0.0;
  for (var c = 0u; c < D4; c++) {
    squares += dot(y[row + c], y[row + c]);
    along += dot(gain(id.y, c) * grad_output[row + c], y[row + c]);
  }
  let inverse = inverse_rms(squares);
  let mean = along * inverse / f32(D);
  for (var c = 0u; c < D4; c++) {
    let z = y[row + c] * inverse;
    let g = grad_output[row + c];
    products[row + c] = g * z;
    var sum = inverse * (gain(id.y, c) * g - z * mean);
    if (HAS_OTHER) { sum += other[row + c]; }
    grad_y[row + c] = sum;
  }
}
