// Gradient of attention_dense_forward with respect to phi [H][TAU+1]: sum over rows i > t of
//   log(i) * alpha_ij (grad_mean_i . v_j - D_i),   j = i - t
// One workgroup an element; each thread adds its rows, then a tree.

@group(0) @binding(0) var<uniform> dense: Dense;
@group(0) @binding(1) var<uniform> gradient: Gradient;
@group(0) @binding(2) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> phi: array<f32>;
@group(0) @binding(4) var<storage, read> stats: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> row_dot: array<f32>;
@group(0) @binding(6) var<storage, read_write> grad_phi: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let head = group.x / (TAU + 1u);
  let t = group.x % (TAU + 1u);
  var sum = 0.0;
  for (var i = t + thread; i < dense.length; i += LANES) {
    let row = head * dense.length + i;
    let j = i - t;
    var content = 0.0;
    for (var c = 0u; c < DK4; c++) {
      content += dot(arena[dense.at_query4 + row * DK4 + c], arena[dense.at_key4 + (row - t) * DK4 + c]);
    }
    var grad_weight = 0.0;
    for (var c = 0u; c < DV4; c++) {
      let value = dense.at_value4 + head * dense.value_head4 + j * DV4 + c;
      grad_weight += dot(arena[gradient.at_grad4 + row * DV4 + c], arena[value]);
    }
    let s = masked(vec4<f32>(SCALE * content), head, i, j, true).x;
    let alpha = weights(vec4<f32>(s), stats[row].x).x * stats[row].y;
    sum += log(f32(i + 1u)) * alpha * (grad_weight - row_dot[row]);
  }
  let total = workgroup_sum(sum, thread);
  if (thread == 0u) { grad_phi[group.x] = total; }
}
