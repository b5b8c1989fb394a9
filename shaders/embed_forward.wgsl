// y^(0) of every row (docs/theory.md, sections 1 and 10): y [rows][D4] = E[token] + P[(i + offset + POSITION_SHIFT) % POSITION_ROWS],
// padding rows and columns 0. The offset, a sequence's own, moves the rows of an absolute encoding. One thread a vec4.

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<uniform> space: Space;
@group(0) @binding(2) var<storage, read> arena: array<f32>;
@group(0) @binding(3) var<storage, read> tokens: array<u32>;
@group(0) @binding(4) var<storage, read> offsets: array<u32>;
@group(0) @binding(5) var<storage, read> starts: array<u32>;
@group(0) @binding(6) var<storage, read> positions: array<u32>;
@group(0) @binding(7) var<storage, read> owners: array<u32>;
@group(0) @binding(8) var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let at = id.x / D4;
  if (at >= starts[id.y * (space.sequences + 1u) + space.sequences]) { return; }
  let row = id.y * space.rows + at;
  let i = positions[row];
  var out = vec4<f32>();
  if (i > 0u) {
    let sequence = id.y * space.sequences + sequence_of(owners[row], space.sequences);
    let base = id.y * STRIDE;
    let first = id.x % D4 * 4u;
    let token = base + AT_EMBED + token_at(sequence, i) * D + first;
    let position = base + AT_POSITION + (i + offsets[sequence] + POSITION_SHIFT) % POSITION_ROWS * D + first;
    for (var c = 0u; c < min(4u, D - min(first, D)); c++) {
      out[c] = arena[token + c];
      if (HAS_POSITIONS) { out[c] += arena[position + c]; }
    }
  }
  y[row * D4 + id.x % D4] = out;
}
