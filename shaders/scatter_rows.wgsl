// gather_rows.wgsl back: all_rows[row of the read's position] += read_rows. No position is read twice. One thread a vec4.

@group(0) @binding(0) var<uniform> reads: Space;
@group(0) @binding(1) var<uniform> space: Space;
@group(0) @binding(2) var<storage, read> read_starts: array<u32>;
@group(0) @binding(3) var<storage, read> read_positions: array<u32>;
@group(0) @binding(4) var<storage, read> read_owners: array<u32>;
@group(0) @binding(5) var<storage, read> starts: array<u32>;
@group(0) @binding(6) var<storage, read> read_rows: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> all_rows: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let at = id.x / D4;
  if (at >= read_starts[id.y * (reads.sequences + 1u) + reads.sequences]) { return; }
  let read = id.y * reads.rows + at;
  if (read_positions[read] == 0u) { return; }
  let sequence = sequence_of(read_owners[read], space.sequences);
  let row = id.y * space.rows + starts[id.y * (space.sequences + 1u) + sequence] + read_positions[read] - 1u;
  all_rows[row * D4 + id.x % D4] += read_rows[read * D4 + id.x % D4];
}
