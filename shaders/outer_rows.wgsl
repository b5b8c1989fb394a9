// Segmented outer products: out[segment][i][j] = sum over the segment's rows of left[row][i] * right[row][j], or of psi(left) where
// ACTIVATE. A segment is a replica's whole batch, or one sequence of it. Where a segment may have more rows than a block, blocks are summed
// apart into partials[replica][segment][block][i][j], and sum_partials.wgsl adds them: more threads, and rounding that grows with
// the root of the rows. Otherwise (DIRECT) the sum goes to the arena at once. No atomics, fixed order, equal bits every time.
// One thread FOURS fours of i times one of j, so that a row's right side is loaded once for up to sixteen i. Where ALIGNED, the
// lanes of a quad share i and load a quarter of the left side each. Two rows an iteration, added one after the other: what a loop carries
// is copied every time round on SwiftShader (1.3x faster than one row and twelve i, the same bits).
// v1, one i a thread: 2x slower on SwiftShader than v2, four i, 64 threads a group of which most had nothing to do. Tried: eight j a
// thread, four rows an iteration, scalar sums: no faster.

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

#part add_row(at_left, at_right)
  {
    let r = right[$at_right];
    #for q FOURS
      // Columns past the end of a row are its neighbour's; they are not written.
      let l$q = left_value($at_left + 4u * $qu);
      #for c 4
        sum$q_$c += l$q[$c] * r;
      #end
    #end
  }
#end

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  quad_begin();
  let tiles = (shape.left_columns + 4u * FOURS - 1u) / (4u * FOURS) * shape.right_columns4;
  let tile = id.x % tiles;
  let block = (id.x / tiles) % shape.blocks;
  let segment = id.x / (tiles * shape.blocks);
  if (segment >= shape.segments) { return; }
  let i = tile / shape.right_columns4 * 4u * FOURS;
  let j = tile % shape.right_columns4;
  let at_start = id.y * shape.replica_starts + segment * shape.segment_starts;
  let first = starts[at_start] + block * BLOCK_ROWS;
  let end = min(first + BLOCK_ROWS, starts[at_start + shape.segment_starts]);

  #for q FOURS
    #for c 4
      var sum$q_$c = vec4<f32>();
    #end
  #end
  var at_left = (id.y * shape.rows + first) * shape.left_stride + shape.left_first + i;
  var at_right = (id.y * shape.rows + first) * shape.right_stride4 + shape.right_first4 + j;
  var row = first;
  for (; row + 1u < end; row += 2u) {
    #call add_row(at_left, at_right)
    #call add_row((at_left + shape.left_stride), (at_right + shape.right_stride4))
    at_left += 2u * shape.left_stride;
    at_right += 2u * shape.right_stride4;
  }
  if (row < end) {
    #call add_row(at_left, at_right)
  }

  var out = (((id.y * shape.segments + segment) * shape.blocks + block) * shape.left_columns + i) * shape.right_columns4 + j;
  var step = shape.right_columns4;
  if (DIRECT) {
    out = (id.y * STRIDE + shape.at_out) / 4u + segment * shape.out_segment4 + i * shape.out_stride4 + j;
    step = shape.out_stride4;
  } else if (first >= end) {
    return;
  }
  #for q FOURS
    #for c 4
      store(out + (4u * $qu + $cu) * step, i + 4u * $qu + $cu, sum$q_$c);
    #end
  #end
}
