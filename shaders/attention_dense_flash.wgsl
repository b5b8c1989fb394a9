// Dense causal attention at every position in workgroup tiles of 64 query rows and 64 keys, for hardware:
//   means [H][T][DV4] = sum_j alpha_ij v_j       stats [H][T] = (highest score, 1 / sum of e^{score - highest})
// 256 threads: thread (x, y) holds the scores of rows 4y .. 4y+3 against keys 4x .. 4x+3, then the means of the same rows in vec4
// column x of up to 16 (group z: head, then block of columns). 28 KiB of workgroup memory.
// On SwiftShader, which pays for every barrier and load, 0.1 to 0.2 times the speed of attention_dense_fused.wgsl.

@group(0) @binding(0) var<uniform> dense: Dense;
@group(0) @binding(1) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> phi: array<f32>;
@group(0) @binding(3) var<storage, read_write> means: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec2<f32>>;

var<workgroup> left: array<vec4<f32>, 256>;      // 64 queries x 4 vec4
var<workgroup> right: array<vec4<f32>, 256>;     // 64 keys x 4 vec4, or 16 values x 16 vec4
var<workgroup> alphas: array<vec4<f32>, 1024>;   // 64 keys x 16 groups of four rows
var<workgroup> partial: array<vec4<f32>, 256>;   // 16 groups of four keys x 16 groups of four rows

// Scores of rows first_row + 4y + r (columns of the result) against keys first_key + 4x .. + 3. Every thread must call it.
fn tile_scores(thread: u32, head: u32, first_row: u32, first_key: u32) -> mat4x4<f32> {
  let x = thread % 16u;
  let y = thread / 16u;
  let end = dense.length - 1u;
  let query = dense.at_query4 + (head * dense.length + min(first_row + thread / 4u, end)) * DK4;
  let key = dense.at_key4 + (head * dense.length + min(first_key + thread / 4u, end)) * DK4;
  var s = mat4x4<f32>();
  for (var c0 = 0u; c0 < DK4; c0 += 4u) {
    let c = c0 + thread % 4u;
    let inside = c < DK4;
    left[thread] = select(vec4<f32>(), arena[query + min(c, DK4 - 1u)], inside);
    right[thread] = select(vec4<f32>(), arena[key + min(c, DK4 - 1u)], inside);
    workgroupBarrier();
    for (var k = 0u; k < 4u; k++) {
      let keys = transpose(mat4x4<f32>(right[16u * x + k], right[16u * x + 4u + k], right[16u * x + 8u + k], right[16u * x + 12u + k]));
      #for r 4
        s[$r] += keys * left[16u * y + 4u * $ru + k];
      #end
    }
    workgroupBarrier();
  }
  let j = first_key + 4u * x;
  #for r 4
    s[$r] = masked(SCALE * s[$r], head, min(first_row + 4u * y + $ru, end), j, j + 3u + TAU >= first_row);
  #end
  return s;
}

// Maximum (or sum) of a vec4 over the 16 threads of equal y. Every thread must call it.
fn over_keys(thread: u32, mine: vec4<f32>, sum: bool) -> vec4<f32> {
  let y = thread / 16u;
  partial[16u * (thread % 16u) + y] = mine;
  workgroupBarrier();
  var all = partial[y];
  for (var x = 1u; x < 16u; x++) { all = select(max(all, partial[16u * x + y]), all + partial[16u * x + y], sum); }
  workgroupBarrier();
  return all;
}

@compute @workgroup_size(256)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  const BLOCKS = (DV4 + 15u) / 16u;
  let head = group.z / BLOCKS;
  let column = (group.z % BLOCKS) * 16u;
  let x = thread % 16u;
  let y = thread / 16u;
  let end = dense.length - 1u;
  let first_row = dense.first_query + (groups.x - 1u - group.x) * 64u;
  let last_row = min(first_row + 63u, end);

  var highest = vec4<f32>(LOWEST);
  if (FINITE && BITS > 0) {
    for (var j = 0u; j <= last_row; j += 64u) {
      let s = tile_scores(thread, head, first_row, j);
      highest = max(highest, vec4<f32>(largest(s[0]), largest(s[1]), largest(s[2]), largest(s[3])));
    }
    highest = over_keys(thread, highest, false);
  }
  var sum = vec4<f32>();
  var mean = mat4x4<f32>();
  for (var j = 0u; j <= last_row; j += 64u) {
    let s = tile_scores(thread, head, first_row, j);
    let most = over_keys(thread, vec4<f32>(largest(s[0]), largest(s[1]), largest(s[2]), largest(s[3])), false);
    let now = max(highest, most);
    let keep = exp(highest - now);
    highest = now;
    let w = transpose(mat4x4<f32>(weights(s[0], now[0]), weights(s[1], now[1]), weights(s[2], now[2]), weights(s[3], now[3])));
    sum = sum * keep + w[0] + w[1] + w[2] + w[3];
    #for r 4
      alphas[16u * (4u * x + $ru) + y] = w[$r];
      mean[$r] *= keep[$r];
    #end
    for (var k0 = 0u; k0 < 64u; k0 += 16u) {
      let value = dense.at_value4 + head * dense.value_head4 + min(j + k0 + y, end) * DV4;
      right[thread] = arena[value + min(column + x, DV4 - 1u)];
      workgroupBarrier();
      for (var k = 0u; k < 16u; k++) {
        let v = right[16u * k + x];
        let alpha = alphas[16u * (k0 + k) + y];
        #for r 4
          mean[$r] += alpha[$r] * v;
        #end
      }
      workgroupBarrier();
    }
  }
  let total = over_keys(thread, sum, true);
  #for r 4
    let row$r = first_row + 4u * y + $ru;
    if (row$r <= end) {
      let out$r = head * dense.length + row$r;
      if (column + x < DV4) { means[out$r * DV4 + column + x] = mean[$r] / total[$r]; }
      if (column == 0u && x == 0u) { stats[out$r] = vec2<f32>(highest[$r], 1.0 / total[$r]); }
    }
  #end
}
