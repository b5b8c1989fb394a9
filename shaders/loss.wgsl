// Loss of one read and its gradient with respect to the outputs, divided by the labels of the replica (mean over its reads that count):
//   mse            sum_o (f_o - f*_o)^2
//   cross-entropy  -sum_o f*_o log softmax(f)_o
// losses [rows] =, grad_outputs [rows][O] =; both 0 where weights [rows] is 0.  Source: docs/theory.md, sections 3 and 10.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> outputs: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> labels: array<f32>;
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;
@group(0) @binding(6) var<storage, read_write> grad_outputs: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= space.rows) { return; }
  let row = id.y * space.rows + id.x;
  if (weights[row] == 0.0) {
    losses[row] = 0.0;
    for (var o = 0u; o < O; o++) { grad_outputs[row * O + o] = 0.0; }
    return;
  }
  let mean = 1.0 / labels[id.y];
  var loss = 0.0;
  if (CROSS_ENTROPY) {
    var highest = outputs[row * O];
    for (var o = 1u; o < O; o++) { highest = max(highest, outputs[row * O + o]); }
    var total = 0.0;
    var mass = 0.0;
    for (var o = 0u; o < O; o++) {
      total += exp(outputs[row * O + o] - highest);
      mass += targets[row * O + o];
    }
    for (var o = 0u; o < O; o++) {
      let log_probability = outputs[row * O + o] - highest - log(total);
      loss -= targets[row * O + o] * log_probability;
      grad_outputs[row * O + o] = mean * (mass * exp(log_probability) - targets[row * O + o]);
    }
  } else {
    for (var o = 0u; o < O; o++) {
      let error = outputs[row * O + o] - targets[row * O + o];
      loss += error * error;
      grad_outputs[row * O + o] = mean * 2.0 * error;
    }
  }
  losses[row] = loss;
}
