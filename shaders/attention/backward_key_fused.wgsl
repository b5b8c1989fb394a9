// Gradient of dense attention with respect to keys and values (backward_query_fused.wgsl has the terms):
//   grad_keys   [rows][H][DK4] = sum_i factor_i grad_score_ij q_i
//   grad_values [rows][H][DV4] = sum_i alpha_ij grad_mean_i
// KEYED, where keys and values are the same rows: their sum, in grad_keys. BY_HEAD, where the heads share them too: summed over the heads,
// grad_keys [rows][DK4], while a workgroup's keys stay where they are.
// A lane keeps ROWS keys with their values and gradients in registers; the workgroup steps through the queries that see its keys,
// four at a time, and each lane of a quad loads one of them for all four.

@group(0) @binding(0) var<uniform> attention: Attention;
@group(0) @binding(1) var<storage, read> query_starts: array<u32>;
@group(0) @binding(2) var<storage, read> key_starts: array<u32>;
@group(0) @binding(3) var<storage, read> parameters: array<f32>;
@group(0) @binding(4) var<storage, read> queries: array<mat4x4<f32>>;
@group(0) @binding(5) var<storage, read> keys: array<mat4x4<f32>>;
@group(0) @binding(6) var<storage, read> values: array<mat4x4<f32>>;
@group(0) @binding(7) var<storage, read> grad_means: array<mat4x4<f32>>;
@group(0) @binding(8) var<storage, read> stats: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read_write> grad_keys: array<vec4<f32>>;
@group(0) @binding(10) var<storage, read_write> grad_values: array<vec4<f32>>;

const TILE = ROWS * LANES;
const HEADS = select(1u, H, BY_HEAD);

fn smallest(s: vec4<f32>) -> f32 { return min(min(s.x, s.y), min(s.z, s.w)); }

#part key_rows()
  let count = sequence.end_key - sequence.first_key;
  #for r ROWS
    let row$r = tile + $ru * LANES + thread;
    let j$r = min(row$r, count - 1u);
    #call load_row(key$r, keys, keys, sequence.first_key + j$r, sequence.head, DKM)
    #call zeros(grad_key$r, DKM)
    #if !KEYED
      #call load_row(value$r, values, values, sequence.first_key + j$r, sequence.head, DVM)
      #call zeros(grad_value$r, DVM)
    #end
  #end
#end

// Products of the rows' values and keys with four gradients of means and four queries, all columns kept for their gradients.
#part products()
  let query_at = place(attention.queries, mine, head);
  let grad_at = place(attention.grads, mine, head);
  #for r ROWS
    var s$r = vec4<f32>();
    var grad_weight$r = vec4<f32>();
  #end
  #for m DVM
    let grad$m = grad_means[grad_at + $mu];
    #for c 4
      let grads$m_$c = shared_columns(grad$m[$c]);
      #for r ROWS
        #if KEYED
          grad_weight$r += key$r_$m[$c] * grads$m_$c;
        #else
          grad_weight$r += value$r_$m[$c] * grads$m_$c;
        #end
      #end
    #end
  #end
  #for m DKM
    let query$m = queries[query_at + $mu];
    #for c 4
      let queries$m_$c = shared_columns(query$m[$c]);
      #for r ROWS
        s$r += key$r_$m[$c] * queries$m_$c;
      #end
    #end
  #end
#end

#part add_gradients()
  #for m DVM
    #for c 4
      #for r ROWS
        #if KEYED
          grad_key$r_$m_$c += grads$m_$c * alpha$r;
        #else
          grad_value$r_$m_$c += grads$m_$c * alpha$r;
        #end
      #end
    #end
  #end
  #for m DKM
    #for c 4
      #for r ROWS
        grad_key$r_$m_$c += queries$m_$c * g$r;
      #end
    #end
  #end
#end

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let lane = subgroupExclusiveAdd(1u) & 3u;
  let sequence = sequence_of(group, 1u, HEADS);
  let tile = tile_of(group) * TILE;
  _ = &values;
  _ = &grad_values;
  if (sequence.first_key + tile >= sequence.end_key) { return; }
  #call key_rows()
  let first = first_seeing(sequence, tile);
  for (var head = sequence.head; head < sequence.head + HEADS; head++) {
    let sigma = sigma_of(sequence.replica, head);
    for (var i = first; i < sequence.end_query; i += 4u) {
      let mine = min(i + lane, sequence.end_query - 1u);
      let own = statistic_of(sequence, i + lane, head);
      let log_own = log(max(own.w, 1.0));
      // Of the four queries: highest scores, 1 / sums, deltas, positions.
      let four = transpose(shared_columns(own));
      let factors = shared_four(row_factor(log_own, sigma));
      #call products()
      #for r ROWS
        s$r *= factors;
      #end
      if (BIASED || u32(smallest(four[3])) <= tile + TILE + TAU) {
        let logs = shared_four(log_own);
        #for r ROWS
          s$r = ruled(s$r, vec4<u32>(four[3]), logs, vec4<u32>(j$r), sequence.replica, head);
        #end
      }
      #for r ROWS
        let alpha$r = kept(exp(s$r - four[0])) * four[1];
        let g$r = alpha$r * (grad_weight$r - four[2]) * factors;
      #end
      #call add_gradients()
    }
  }
  #for r ROWS
    if (row$r < count) {
      let out$r = (sequence.first_key + j$r) * (H / HEADS) + sequence.head;
      #call store_row(grad_key$r, grad_keys, out$r, DK4, DKM)
      #if !KEYED
        #call store_row(grad_value$r, grad_values, out$r, DV4, DVM)
      #end
    }
  #end
}
