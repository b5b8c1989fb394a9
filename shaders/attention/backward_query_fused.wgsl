// Gradient of dense attention with respect to the queries. With alpha from the saved statistics:
//   grad_score_ij = alpha_ij (grad_mean_i . v_j - delta_i),   delta_i = grad_mean_i . mean_i
//   grad_queries [rows][H][DK4] = factor_i * sum_j grad_score_ij k_j
//   grad_scores [rows][H][SLOTS]: what parameters_backward.wgsl adds up: grad_score at offsets 0 .. TAU where the rule has phi (0 where
//   there is no such key), then a slot for whatever is farther; SCALE * q_i . sum_j grad_score_ij k_j, last, where it has sigma
// As forward_fused.wgsl: ROWS query rows a lane in registers, keys and values handed round within quads.

@group(0) @binding(0) var<uniform> attention: Attention;
@group(0) @binding(1) var<storage, read> query_starts: array<u32>;
@group(0) @binding(2) var<storage, read> key_starts: array<u32>;
@group(0) @binding(3) var<storage, read> parameters: array<f32>;
@group(0) @binding(4) var<storage, read> queries: array<mat4x4<f32>>;
@group(0) @binding(5) var<storage, read> keys: array<mat4x4<f32>>;
@group(0) @binding(6) var<storage, read> values: array<mat4x4<f32>>;
@group(0) @binding(7) var<storage, read> grad_means: array<mat4x4<f32>>;
@group(0) @binding(8) var<storage, read> stats: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read_write> grad_queries: array<vec4<f32>>;
@group(0) @binding(10) var<storage, read_write> grad_scores: array<f32>;

// Queries of a workgroup, and heads.
const TILE = select(ROWS * LANES, LANES, BY_HEAD);
const HEADS = select(1u, ROWS, BY_HEAD);

fn position_at(row: u32) -> u32 { return u32(stats[row * H].w); }

#part weigh_value()
  #for r ROWS
    grad_weight$r += grad$r_$m[$c] * values$m_$c;
  #end
#end

// g: gradients of the scores.
#part score_gradients()
  #for r ROWS
    let g$r = kept(exp(s$r - statistic$r.x)) * statistic$r.y * (grad_weight$r - statistic$r.z);
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
  _ = &grad_scores;
  if (tile >= sequence.end_query) { return; }
  #call query_rows()
  #for r ROWS
    let statistic$r = stats[out$r];
    #call load_row(grad$r, grad_means, grads, at$r, head$r, DVM)
    #call zeros(grad_query$r, DKM)
    #if SUFFIX
      if (row$r <= last) {
        for (var t = position$r; t <= TAU; t++) { grad_scores[out$r * SLOTS + t] = 0.0; }
      }
    #end
  #end
  for (var j = 0u; j < reach; j += 4u) {
    let key = min(j + lane, reach - 1u);
    #for r ROWS
      var grad_weight$r = vec4<f32>();
    #end
    #if KEYED
      #call scores()
      #call each_value(weigh_value)
    #else
      #call each_value(weigh_value)
      #call scores()
    #end
    #call score_gradients()
    #if SUFFIX
      if (j >= near) {
        #for r ROWS
          // No condition: on SwiftShader one in this loop costs a tenth of the kernel.
          let slots$r = out$r * SLOTS + min(position$r - 1u - shared_from(j, lane), vec4<u32>(TAU + 1u));
          #for c 4
            grad_scores[slots$r[$c]] = g$r[$c];
          #end
        #end
      }
    #end
    #for m DKM
      #for c 4
        #for r ROWS
          grad_query$r_$m_$c += keys$m_$c * g$r;
        #end
      #end
    #end
  }
  #for r ROWS
    if (row$r <= last) {
      #if LOG_SCALE
        var product$r = 0.0;
        #for m DKM
          #for c 4
            product$r += dot(raw$r_$m[$c], grad_query$r_$m_$c);
          #end
        #end
        grad_scores[out$r * SLOTS + SLOTS - 1u] = SCALE * product$r;
      #end
      #for m DKM
        #for c 4
          grad_query$r_$m_$c *= factor$r;
        #end
      #end
      #call store_row(grad_query$r, grad_queries, out$r, DK4, DKM)
    }
  #end
}
