// grad_mix [R*B][H*C] = sum_o grad_outputs[row][o] * jacobian[row][o]: what is left of features_backward behind features_jacobian.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> jacobian: array<f32>;
@group(0) @binding(2) var<storage, read> grad_outputs: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad_mix: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= space.rows) { return; }
  let row = id.y * space.rows + id.x;
  for (var k = 0u; k < H * C; k++) {
    var sum = 0.0;
    for (var o = 0u; o < O; o++) { sum += grad_outputs[row * O + o] * jacobian[(row * O + o) * H * C + k]; }
    grad_mix[row * H * C + k] = sum;
  }
}
