// Gradient of the embedding: grad_embed [S][D] = sum over the rows with token s of grad_y, =. Rows are added in runs of 64, so that
// rounding grows slowly. One thread a token and four columns.

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<uniform> space: Space;
@group(0) @binding(2) var<storage, read> tokens: array<u32>;
@group(0) @binding(3) var<storage, read> starts: array<u32>;
@group(0) @binding(4) var<storage, read> lengths: array<u32>;
@group(0) @binding(5) var<storage, read> grad_y: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> arena: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= S * D4) { return; }
  let token = id.x / D4;
  let column4 = id.x % D4;
  var sum = vec4<f32>();
  for (var b = 0u; b < space.sequences; b++) {
    let sequence = id.y * space.sequences + b;
    let first = id.y * space.rows + starts[id.y * (space.sequences + 1u) + b];
    let length = lengths[sequence];
    for (var run = 0u; run < length; run += 64u) {
      var part = vec4<f32>();
      for (var i = run; i < min(run + 64u, length); i++) {
        if (token_at(sequence, i + 1u) == token) { part += grad_y[(first + i) * D4 + column4]; }
      }
      sum += part;
    }
  }
  let out = id.y * STRIDE + AT_GRADIENTS + AT_EMBED + token * D + column4 * 4u;
  for (var c = 0u; c < min(4u, D - min(column4 * 4u, D)); c++) { arena[out + c] = sum[c]; }
}
