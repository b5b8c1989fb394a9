// Dense causal attention, log-sum-exp streamed, ROWS query rows a lane in registers:
//   means [rows][H][DV4] = sum_j alpha_ij v_j       stats [rows][H]: parts/rule.wgsl
// Group x: row tiles of a sequence, the longest first. ROUNDS: small weights become 0, of a row's highest score only, which takes a
// sweep of its own.
// T = 1024, D = 64 on SwiftShader, in processor time of two cores, with bounds checks and broadcasts: 4 rows a lane 40 ms (1.7 s
// to compile), 8 rows 34 ms (3.9 s).
// Tried: loads of one vec4 instead of one mat4x4, the same speed at twice the compile time; 2 rows a lane, 0.7 times the speed;
// scores kept in memory between passes, the same speed with O(T) more memory a row.

@group(0) @binding(0) var<uniform> attention: Attention;
@group(0) @binding(1) var<storage, read> query_starts: array<u32>;
@group(0) @binding(2) var<storage, read> key_starts: array<u32>;
@group(0) @binding(3) var<storage, read> positions: array<u32>;
@group(0) @binding(4) var<storage, read> parameters: array<f32>;
@group(0) @binding(5) var<storage, read> queries: array<mat4x4<f32>>;
@group(0) @binding(6) var<storage, read> keys: array<mat4x4<f32>>;
@group(0) @binding(7) var<storage, read> values: array<mat4x4<f32>>;
@group(0) @binding(8) var<storage, read_write> means: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read_write> stats: array<vec4<f32>>;

// Queries of a workgroup, and heads.
const TILE = select(ROWS * LANES, LANES, BY_HEAD);
const HEADS = select(1u, ROWS, BY_HEAD);

fn position_at(row: u32) -> u32 { return positions[row]; }

// A step of the streamed softmax: w, and what the sums so far are to be multiplied with.
#part softmax()
  #for r ROWS
    #if ROUNDS
      let w$r = kept(exp(s$r - highest$r));
      sum$r += dot(w$r, vec4<f32>(1.0));
    #else
      let now$r = max(highest$r, largest(s$r));
      let keep$r = exp(highest$r - now$r);
      let w$r = exp(s$r - now$r);
      highest$r = now$r;
      sum$r = sum$r * keep$r + dot(w$r, vec4<f32>(1.0));
    #end
  #end
#end

#part add_value()
  #for r ROWS
    #if ROUNDS
      mean$r_$m_$c += values$m_$c * w$r;
    #else
      mean$r_$m_$c = mean$r_$m_$c * keep$r + values$m_$c * w$r;
    #end
  #end
#end

@compute @workgroup_size(LANES)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3<u32>,
) {
  let lane = subgroupExclusiveAdd(1u) & 3u;
  let sequence = sequence_of(group, 1u, HEADS);
  let tile = sequence.first_query + tile_from_end(group) * TILE;
  _ = &values;
  if (tile >= sequence.end_query) { return; }
  #call query_rows()
  #for r ROWS
    #call zeros(mean$r, DVM)
    var highest$r = LOWEST;
    var sum$r = 0.0;
  #end
  #if ROUNDS
    for (var j = 0u; j < reach; j += 4u) {
      let key = min(j + lane, reach - 1u);
      #call scores()
      #for r ROWS
        highest$r = max(highest$r, largest(s$r));
      #end
    }
  #end
  for (var j = 0u; j < reach; j += 4u) {
    let key = min(j + lane, reach - 1u);
    #call scores()
    #call softmax()
    #call each_value(add_value)
  }
  #for r ROWS
    if (row$r <= last) {
      let share = select(0.0, 1.0 / sum$r, position$r > 0u);
      #for m DVM
        #for c 4
          mean$r_$m_$c *= share;
        #end
      #end
      #call store_row(mean$r, means, out$r, DV4, DVM)
      stats[out$r] = statistic(highest$r, sum$r, position$r);
    }
  #end
}
