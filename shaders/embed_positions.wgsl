// y_i^(0) of every position of one sequence, from the class table: rows of D floats, D_PAD apart, =, in the arena at AT_OUT. One thread a float.

@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read_write> arena: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= COUNT) { return; }
  let at = id.x / D;
  let token = (tokens[at >> 2u] >> ((at & 3u) * 8u)) & 0xffu;
  let residue = (at + 1u) % DELTA;
  arena[AT_OUT + at * D_PAD + id.x % D] = arena[AT_EMBED + token * D + id.x % D] + arena[AT_POSITION + residue * D + id.x % D];
}
