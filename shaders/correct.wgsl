// Whether the largest output of a read is that of its class, the largest target; the first of equal ones: correct [rows] =, 1 or 0, and 0
// where weights [rows] is 0. Outputs that are no numbers are never the largest.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> outputs: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> correct: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= space.rows) { return; }
  let row = id.y * space.rows + id.x;
  var highest = -0x1.fffffep127;
  var answer = O;
  var wanted = 0u;
  for (var o = 0u; o < O; o++) {
    if (outputs[row * O + o] > highest) {
      highest = outputs[row * O + o];
      answer = o;
    }
    if (targets[row * O + o] > targets[row * O + wanted]) { wanted = o; }
  }
  correct[row] = select(0.0, 1.0, weights[row] != 0.0 && answer == wanted);
}
