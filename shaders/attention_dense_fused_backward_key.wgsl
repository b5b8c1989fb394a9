// Gradient of dense attention with respect to keys and values (attention_dense_fused_backward_query.wgsl has the terms):
//   grad_keys   [H][T][DK4] = sum_i factor_i alpha_ij (grad_mean_i . v_j - D_i) q_i
//   grad_values [H][T][DV4] = sum_i alpha_ij grad_mean_i
// A lane keeps ROWS keys with their values and gradients in registers; the workgroup steps through the queries four at a time,
// from its diagonal on, and each lane of a quad loads one of them for all four.

@group(0) @binding(0) var<uniform> dense: Dense;
@group(0) @binding(1) var<storage, read> arena: array<mat4x4<f32>>;
@group(0) @binding(2) var<storage, read> phi: array<f32>;
@group(0) @binding(3) var<storage, read> stats: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read> row_dot: array<f32>;
@group(0) @binding(5) var<storage, read_write> grad_keys: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> grad_values: array<vec4<f32>>;

const TILE = ROWS * LANES;

// Scores of key j against query rows i .. i + 3: as near_scores, seen from the key; LOWEST past the last row too.
fn near_column(s: vec4<f32>, head: u32, i: u32, j: u32) -> vec4<f32> {
  let rows = vec4<u32>(i, i + 1u, i + 2u, i + 3u);
  let t = rows - j;
  let at = min(t, vec4<u32>(TAU)) + head * (TAU + 1u);
  let bias = log(vec4<f32>(rows + 1u)) * vec4<f32>(phi[at.x], phi[at.y], phi[at.z], phi[at.w]);
  let hidden = (rows < vec4<u32>(j)) | (rows >= vec4<u32>(dense.length));
  return select(s + select(vec4<f32>(), bias, t <= vec4<u32>(TAU)), vec4<f32>(LOWEST), hidden);
}

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let lane = subgroupExclusiveAdd(1u) & 3u;
  let head = group.z;
  let end = dense.length - 1u;
  let first_key = group.x * TILE;
  let far = first_key + TILE + TAU;
  let at_row = head * dense.length;

  #for r ROWS
    let row$r = first_key + $ru * LANES + thread;
    let j$r = min(row$r, end);
    #for m DKM
      let key$r_$m = arena[dense.at_key + (at_row + j$r) * DKM + $mu];
      #for c 4
        var grad_key$r_$m_$c = vec4<f32>();
      #end
    #end
    #for m DVM
      let value$r_$m = arena[dense.at_value + head * dense.value_head + j$r * DVM + $mu];
      #for c 4
        var grad_value$r_$m_$c = vec4<f32>();
      #end
    #end
  #end

  for (var i = first_key; i <= end; i += 4u) {
    let mine = at_row + min(i + lane, end);
    let statistic = stats[mine];
    let rows = transpose(shared_columns(vec4<f32>(statistic, row_dot[mine], row_factor(min(i + lane, end)))));
    #for r ROWS
      var s$r = vec4<f32>();
      var grad_weight$r = vec4<f32>();
    #end
    #for m DVM
      let grad$m = arena[dense.at_grad + mine * DVM + $mu];
      #for c 4
        let grads$m_$c = shared_columns(grad$m[$c]);
        #for r ROWS
          grad_weight$r += value$r_$m[$c] * grads$m_$c;
        #end
      #end
    #end
    #for m DKM
      let query$m = arena[dense.at_query + mine * DKM + $mu];
      #for c 4
        let queries$m_$c = shared_columns(query$m[$c]);
        #for r ROWS
          s$r += key$r_$m[$c] * queries$m_$c;
        #end
      #end
    #end
    #for r ROWS
      s$r *= rows[3];
    #end
    if (i < far || i + 3u > end) {
      #for r ROWS
        s$r = near_column(s$r, head, i, j$r);
      #end
    }
    #for r ROWS
      let alpha$r = rounded(exp(s$r - rows[0])) * rows[1];
      let g$r = alpha$r * (grad_weight$r - rows[2]) * rows[3];
    #end
    #for m DVM
      #for c 4
        #for r ROWS
          grad_value$r_$m_$c += grads$m_$c * alpha$r;
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
  }
  #for r ROWS
    if (row$r < dense.length) {
      #for m DKM
        #for c 4
          if ($mu * 4u + $cu < DK4) { grad_keys[(at_row + j$r) * DK4 + $mu * 4u + $cu] = grad_key$r_$m_$c; }
        #end
      #end
      #for m DVM
        #for c 4
          if ($mu * 4u + $cu < DV4) { grad_values[(at_row + j$r) * DV4 + $mu * 4u + $cu] = grad_value$r_$m_$c; }
        #end
      #end
    }
  #end
}
