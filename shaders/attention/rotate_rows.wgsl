// Turns coordinates (2a, 2a + 1) of every head of every row by DIRECTION * i * frequency(a), in place (docs/theory.md, section 10, RoPE).
// The angle is counted in 2^-32 turns: turns [DK/2] are whole numbers and wrap, so that it is exact to 2^-33 turns a position
// however long the sequence is. One thread a (row, head).

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> turns: array<u32>;
@group(0) @binding(4) var<storage, read_write> values: array<vec2<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let at = id.x / H;
  if (at >= starts[id.y * (space.sequences + 1u) + space.sequences]) { return; }
  let row = id.y * space.rows + at;
  let first = (row * H + id.x % H) * (KEY_ROW / 2u);
  for (var a = 0u; a < DK / 2u; a++) {
    let phase = f32(bitcast<i32>(positions[row] * turns[a])) * (6.2831853 / 4294967296.0);
    let c = precise_cos(phase);
    let s = select(precise_sin(phase), -precise_sin(phase), BACK);
    let v = values[first + a];
    values[first + a] = vec2<f32>(c * v.x - s * v.y, s * v.x + c * v.y);
  }
}
