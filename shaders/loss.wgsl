// Loss of one row and its gradient with respect to the outputs, divided by the batch (mean over rows):
//   mse            sum_o (f_o - f*_o)^2
//   cross-entropy  -sum_o f*_o log softmax(f)_o
// losses [R*B] =, grad_outputs [R*B][O] =.  Source: theory.md, section 3.

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<storage, read> outputs: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<f32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<storage, read_write> grad_outputs: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= batch.rows) { return; }
  let row = id.y * batch.rows + id.x;
  let mean = 1.0 / f32(batch.rows);
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
