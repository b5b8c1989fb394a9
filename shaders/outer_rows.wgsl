// Segmented outer products: out[segment][i][j] = sum over the segment's rows of left[row][i] * right[row][j], or of psi(left) where ACTIVATE.
// A segment is a replica's whole batch, or one sequence of it. Where a segment may have more rows than a block, blocks are summed
// apart into partials[replica][segment][block][i][j], and sum_partials.wgsl adds them: more threads, and rounding that grows with
// the root of the rows. Otherwise (DIRECT) the sum goes to the arena at once. No atomics, fixed order, equal bits every time.
// One thread TILE i times four j, so that a row's right side is loaded once for up to twelve i. Where ALIGNED, the lanes of a
// quad share i and load a quarter of the left side each.
// v1, one i a thread: 2x slower on SwiftShader than v2, four i, 64 threads a group of which most had nothing to do.

@group(0) @binding(0) var<uniform> shape: Outer;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> left: array<f32>;
@group(0) @binding(3) var<storage, read> right: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> sums: array<vec4<f32>>;

fn left_value(at: u32) -> vec4<f32> {
  if (ACTIVATE) { return activate(left_four(at)); }
  return left_four(at);
}

fn store(out: u32, i: u32, sum: vec4<f32>) {
  if (i >= shape.left_columns) { return; }
  if (DIRECT && shape.accumulate == 1u) { sums[out] += sum; } else { sums[out] = sum; }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  quad_begin();
  let tiles = (shape.left_columns + TILE - 1u) / TILE * shape.right_columns4;
  let tile = id.x % tiles;
  let block = (id.x / tiles) % shape.blocks;
  let segment = id.x / (tiles * shape.blocks);
  if (segment >= shape.segments) { return; }
  let i = tile / shape.right_columns4 * TILE;
  let j = tile % shape.right_columns4;
  let at_start = id.y * shape.replica_starts + segment * shape.segment_starts;
  let first = starts[at_start] + block * BLOCK_ROWS;
  let end = min(first + BLOCK_ROWS, starts[at_start + shape.segment_starts]);

  var a = mat4x4<f32>();
  var b = mat4x4<f32>();
  var c = mat4x4<f32>();
  var at_left = (id.y * shape.rows + first) * shape.left_stride + shape.left_first + i;
  var at_right = (id.y * shape.rows + first) * shape.right_stride4 + shape.right_first4 + j;
  for (var row = first; row < end; row++) {
    let r = right[at_right];
    // Columns past the end of a row are its neighbour's; they are not written.
    let l = left_value(at_left);
    a[0] += l[0] * r;
    if (TILE > 1u) { a[1] += l[1] * r; }
    if (TILE > 2u) { a[2] += l[2] * r; }
    if (TILE > 3u) { a[3] += l[3] * r; }
    if (TILE > 4u) {
      let m = left_value(at_left + 4u);
      b[0] += m[0] * r;
      if (TILE > 5u) { b[1] += m[1] * r; }
      if (TILE > 6u) { b[2] += m[2] * r; }
      if (TILE > 7u) { b[3] += m[3] * r; }
    }
    if (TILE > 8u) {
      let n = left_value(at_left + 8u);
      c[0] += n[0] * r;
      if (TILE > 9u) { c[1] += n[1] * r; }
      if (TILE > 10u) { c[2] += n[2] * r; }
      if (TILE > 11u) { c[3] += n[3] * r; }
    }
    at_left += shape.left_stride;
    at_right += shape.right_stride4;
  }

  var out = (((id.y * shape.segments + segment) * shape.blocks + block) * shape.left_columns + i) * shape.right_columns4 + j;
  var step = shape.right_columns4;
  if (DIRECT) {
    out = (id.y * STRIDE + shape.at_out) / 4u + segment * shape.out_segment4 + i * shape.out_stride4 + j;
    step = shape.out_stride4;
  } else if (first >= end) {
    return;
  }
  store(out, i, a[0]);
  if (TILE > 1u) { store(out + step, i + 1u, a[1]); }
  if (TILE > 2u) { store(out + 2u * step, i + 2u, a[2]); }
  if (TILE > 3u) { store(out + 3u * step, i + 3u, a[3]); }
  if (TILE > 4u) { store(out + 4u * step, i + 4u, b[0]); }
  if (TILE > 5u) { store(out + 5u * step, i + 5u, b[1]); }
  if (TILE > 6u) { store(out + 6u * step, i + 6u, b[2]); }
  if (TILE > 7u) { store(out + 7u * step, i + 7u, b[3]); }
  if (TILE > 8u) { store(out + 8u * step, i + 8u, c[0]); }
  if (TILE > 9u) { store(out + 9u * step, i + 9u, c[1]); }
  if (TILE > 10u) { store(out + 10u * step, i + 10u, c[2]); }
  if (TILE > 11u) { store(out + 11u * step, i + 11u, c[3]); }
}
