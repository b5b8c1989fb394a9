// Gradient of dense attention with respect to the queries. With alpha from the saved statistics and D_i = grad_mean_i . mean_i:
//   grad_queries [H][T][DK4] = factor_i * sum_j alpha_ij (grad_mean_i . v_j - D_i) k_j,   factor_i = scale (* log i if finite)
// As attention_dense_fused.wgsl: ROWS query rows a lane in registers, keys and values broadcast within quads.

@group(0) @binding(0) var<uniform> dense: Dense;
@group(0) @binding(1) var<storage, read> arena: array<mat4x4<f32>>;
@group(0) @binding(2) var<storage, read> phi: array<f32>;
@group(0) @binding(3) var<storage, read> stats: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read> row_dot: array<f32>;
@group(0) @binding(5) var<storage, read_write> grad_queries: array<vec4<f32>>;

const TILE = ROWS * LANES;

@compute @workgroup_size(LANES)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  let lane = subgroupExclusiveAdd(1u) & 3u;
  let head = group.z;
  let end = dense.length - 1u;
  let first_row = (groups.x - 1u - group.x) * TILE;
  let last_row = min(first_row + TILE - 1u, end);
  let near = near_from(first_row);
  let at_key = dense.at_key + head * dense.length * DKM;
  let at_value = dense.at_value + head * dense.value_head;

  #for r ROWS
    let row$r = first_row + $ru * LANES + thread;
    let i$r = min(row$r, end);
    let at$r = head * dense.length + i$r;
    let factor$r = row_factor(i$r);
    let statistic$r = stats[at$r];
    let own$r = row_dot[at$r];
    #for m DKM
      let query$r_$m = arena[dense.at_query + at$r * DKM + $mu] * factor$r;
      #for c 4
        var gradient$r_$m_$c = vec4<f32>();
      #end
    #end
    #for m DVM
      let grad$r_$m = arena[dense.at_grad + at$r * DVM + $mu];
    #end
  #end

  for (var j = 0u; j <= last_row; j += 4u) {
    let mine = min(j + lane, end);
    #for r ROWS
      var s$r = vec4<f32>();
      var grad_weight$r = vec4<f32>();
    #end
    #for m DVM
      let value$m = arena[at_value + mine * DVM + $mu];
      #for c 4
        let values$m_$c = shared_columns(value$m[$c]);
        #for r ROWS
          grad_weight$r += grad$r_$m[$c] * values$m_$c;
        #end
      #end
    #end
    #for m DKM
      let key$m = arena[at_key + mine * DKM + $mu];
      #for c 4
        let keys$m_$c = shared_columns(key$m[$c]);
        #for r ROWS
          s$r += query$r_$m[$c] * keys$m_$c;
        #end
      #end
    #end
    if (j >= near) {
      #for r ROWS
        s$r = near_scores(s$r, head, i$r, j);
      #end
    }
    #for r ROWS
      let g$r = rounded(exp(s$r - statistic$r.x)) * statistic$r.y * (grad_weight$r - own$r);
    #end
    #for m DKM
      #for c 4
        #for r ROWS
          gradient$r_$m_$c += keys$m_$c * g$r;
        #end
      #end
    #end
  }
  #for r ROWS
    if (row$r < dense.length) {
      #for m DKM
        #for c 4
          if ($mu * 4u + $cu < DK4) { grad_queries[at$r * DK4 + $mu * 4u + $cu] = gradient$r_$m_$c * factor$r; }
        #end
      #end
    }
  #end
}
