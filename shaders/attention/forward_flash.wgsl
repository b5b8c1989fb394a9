// Dense causal attention in workgroup tiles of 64 query rows and 64 keys, for hardware:
//   means [rows][H][DV4] = sum_j alpha_ij v_j       stats [rows][H]: parts/rule.wgsl
// 256 threads: thread (x, y) holds the scores of rows 4y .. 4y+3 against keys 4x .. 4x+3, then the means of the same rows in vec4
// column x of up to 16 (a block). Group x: row tiles, the longest first. 28 KiB of workgroup memory. ROUNDS as in forward_fused.wgsl.
// On SwiftShader, which pays for every barrier and load, 0.1 to 0.2 times the speed of forward_fused.wgsl.

@group(0) @binding(0) var<uniform> attention: Attention;
@group(0) @binding(1) var<storage, read> query_starts: array<u32>;
@group(0) @binding(2) var<storage, read> key_starts: array<u32>;
@group(0) @binding(3) var<storage, read> positions: array<u32>;
@group(0) @binding(4) var<storage, read> parameters: array<f32>;
@group(0) @binding(5) var<storage, read> queries: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> keys: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> values: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> means: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read_write> stats: array<vec4<f32>>;

const TILE = 64u;
const BLOCKS = (DV4 + 15u) / 16u;

var<workgroup> left: array<vec4<f32>, 256>;      // 64 queries x 4 vec4
var<workgroup> right: array<vec4<f32>, 256>;     // 64 keys x 4 vec4, or 16 values x 16 vec4
var<workgroup> alphas: array<vec4<f32>, 1024>;   // 64 keys x 16 groups of four rows
var<workgroup> partial: array<vec4<f32>, 256>;   // 16 groups of four keys x 16 groups of four rows

fn position_at(row: u32) -> u32 { return positions[row]; }

// A vec4 of 64 rows of a tensor, column c of each, by thread / 4; 0 where there is no such column.
#part load_tile(name, buffer, place)
  $name[thread] = select(vec4<f32>(), $buffer[$place + min(c, DK4 - 1u)], c < DK4);
#end

// s{r}: scores of row{r} against keys j + 4x .. + 3. Every thread must call it.
#part tile_scores()
  let key = place(attention.keys, sequence.first_key + min(j + thread / 4u, reach - 1u), sequence.head);
  #for r 4
    var s$r = vec4<f32>();
  #end
  for (var c0 = 0u; c0 < DK4; c0 += 4u) {
    let c = c0 + thread % 4u;
    #call load_tile(left, queries, query)
    #call load_tile(right, keys, key)
    workgroupBarrier();
    for (var k = 0u; k < 4u; k++) {
      let four = transpose(mat4x4<f32>(right[16u * x + k], right[16u * x + 4u + k], right[16u * x + 8u + k], right[16u * x + 12u + k]));
      #for r 4
        s$r += four * left[16u * y + 4u * $ru + k];
      #end
    }
    workgroupBarrier();
  }
  #for r 4
    s$r *= factor$r;
    if (BIASED || j + 64u > near) {
      s$r = ruled(s$r, vec4<u32>(position$r), vec4<f32>(log$r), four_from(j + 4u * x), sequence.replica, sequence.head);
    }
  #end
  let most = over_keys(thread, vec4<f32>(largest(s0), largest(s1), largest(s2), largest(s3)), false);
#end

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

// Adds alphas times the values of the tile's 64 keys to the means, 16 at a time. Every thread must call it.
#part add_values()
  for (var k0 = 0u; k0 < 64u; k0 += 16u) {
    let value = place(attention.values, sequence.first_key + min(j + k0 + y, reach - 1u), sequence.head);
    right[thread] = values[value + min(column + x, DV4 - 1u)];
    workgroupBarrier();
    for (var k = 0u; k < 16u; k++) {
      let v = right[16u * k + x];
      let alpha = alphas[16u * (k0 + k) + y];
      #for r 4
        mean$r += alpha[$r] * v;
      #end
    }
    workgroupBarrier();
  }
#end

@compute @workgroup_size(256)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3<u32>,
) {
  let sequence = sequence_of(group, BLOCKS, 1u);
  let column = sequence.block * 16u;
  let tile = sequence.first_query + tile_from_end(group) * TILE;
  if (tile >= sequence.end_query) { return; }
  let x = thread % 16u;
  let y = thread / 16u;
  let last = min(tile + TILE, sequence.end_query) - 1u;
  let reach = last_position(tile, last + 1u);
  let near = near_from(position_at(tile));
  let sigma = sigma_of(sequence.replica, sequence.head);
  let query = place(attention.queries, min(tile + thread / 4u, last), sequence.head);
  #for r 4
    let row$r = tile + 4u * y + $ru;
    let position$r = position_at(min(row$r, last));
    let log$r = log_of(position$r);
    let factor$r = row_factor(log$r, sigma);
    var mean$r = vec4<f32>();
  #end
  var highest = vec4<f32>(LOWEST);
  #if ROUNDS
    for (var j = 0u; j < reach; j += 64u) {
      #call tile_scores()
      highest = max(highest, most);
    }
  #end
  var sum = vec4<f32>();
  for (var j = 0u; j < reach; j += 64u) {
    #call tile_scores()
    let now = max(highest, most);
    let keep = exp(highest - now);
    highest = now;
    let w = transpose(mat4x4<f32>(
      kept(exp(s0 - now[0])), kept(exp(s1 - now[1])), kept(exp(s2 - now[2])), kept(exp(s3 - now[3])),
    ));
    sum = sum * keep + w[0] + w[1] + w[2] + w[3];
    #for r 4
      alphas[16u * (4u * x + $ru) + y] = w[$r];
      mean$r *= keep[$r];
    #end
    #call add_values()
  }
  let total = over_keys(thread, sum, true);
  #for r 4
    if (row$r <= last) {
      let out = row$r * H + sequence.head;
      let share = select(0.0, 1.0 / total[$r], position$r > 0u);
      if (column + x < DV4) { means[out * DV4 + column + x] = mean$r * share; }
      if (column == 0u && x == 0u) { stats[out] = statistic(highest[$r], total[$r], position$r); }
    }
  #end
}
