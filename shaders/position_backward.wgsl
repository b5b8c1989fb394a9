// Gradient of the position table: grad_position [POSITION_ROWS][D] = sum of grad_y over the rows that its row was added to, =: positions
// i with (i + offset + POSITION_SHIFT) % POSITION_ROWS = r. One thread a row of the table and four columns.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> lengths: array<u32>;
@group(0) @binding(3) var<storage, read> offsets: array<u32>;
@group(0) @binding(4) var<storage, read> grad_y: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> arena: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= POSITION_ROWS * D4) { return; }
  let r = id.x / D4;
  let column4 = id.x % D4;
  var sum = vec4<f32>();
  for (var b = 0u; b < space.sequences; b++) {
    let sequence = id.y * space.sequences + b;
    let first = id.y * space.rows + starts[id.y * (space.sequences + 1u) + b];
    let shift = (offsets[sequence] + POSITION_SHIFT) % POSITION_ROWS;
    // The smallest i >= 1 that the row belongs to.
    var i = (r + POSITION_ROWS - shift) % POSITION_ROWS;
    if (i == 0u) { i = POSITION_ROWS; }
    var part = vec4<f32>();
    for (; i <= lengths[sequence]; i += POSITION_ROWS) { part += grad_y[(first + i - 1u) * D4 + column4]; }
    sum += part;
  }
  let out = id.y * STRIDE + AT_GRADIENTS + AT_POSITION + r * D + column4 * 4u;
  for (var c = 0u; c < min(4u, D - min(column4 * 4u, D)); c++) { arena[out + c] = sum[c]; }
}
