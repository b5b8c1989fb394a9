// Dense causal attention at every position (theory.md, section 1), log-sum-exp streamed, no rounding to bits:
//   means [H][T][DV4] = sum_j alpha_ij v_j       stats [H][T] = (highest score, 1 / sum of e^{score - highest})
// A lane keeps ROWS query rows and their means in registers; a quad, and so the workgroup, steps through the keys four at a
// time: every lane loads one key and one value and broadcasts them. Group x: row tiles, longest first; group z: head.
// T = 1024, D = 64 on SwiftShader, in processor time of two cores: 4 rows a lane 40 ms (1.7 s to compile), 8 rows 34 ms (3.9 s).
// Tried: loads of one vec4 instead of one mat4x4, the same speed at twice the compile time; 2 rows a lane, 0.7 times the speed.

@group(0) @binding(0) var<uniform> dense: Dense;
@group(0) @binding(1) var<storage, read> arena: array<mat4x4<f32>>;
@group(0) @binding(2) var<storage, read> phi: array<f32>;
@group(0) @binding(3) var<storage, read_write> means: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec2<f32>>;

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
  let first_row = dense.first_query + (groups.x - 1u - group.x) * TILE;
  let last_row = min(first_row + TILE - 1u, end);
  let near = near_from(first_row);
  let at_key = dense.at_key + head * dense.length * DKM;
  let at_value = dense.at_value + head * dense.value_head;

  #for r ROWS
    let row$r = first_row + $ru * LANES + thread;
    // Rows past the end repeat the last one.
    let i$r = min(row$r, end);
    let factor$r = row_factor(i$r);
    #for m DKM
      let query$r_$m = arena[dense.at_query + (head * dense.length + i$r) * DKM + $mu] * factor$r;
    #end
    #for m DVM
      #for c 4
        var mean$r_$m_$c = vec4<f32>();
      #end
    #end
    var highest$r = LOWEST;
    var sum$r = 0.0;
  #end

  for (var j = 0u; j <= last_row; j += 4u) {
    let mine = min(j + lane, end);
    #for r ROWS
      var s$r = vec4<f32>();
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
      let now$r = max(highest$r, largest(s$r));
      let keep$r = exp(highest$r - now$r);
      let w$r = exp(s$r - now$r);
      highest$r = now$r;
      sum$r = sum$r * keep$r + dot(w$r, vec4<f32>(1.0));
    #end
    #for m DVM
      let value$m = arena[at_value + mine * DVM + $mu];
      #for c 4
        let values$m_$c = shared_columns(value$m[$c]);
        #for r ROWS
          mean$r_$m_$c = mean$r_$m_$c * keep$r + values$m_$c * w$r;
        #end
      #end
    #end
  }
  #for r ROWS
    if (row$r < dense.length) {
      let out = head * dense.length + i$r;
      #for m DVM
        #for c 4
          if ($mu * 4u + $cu < DV4) { means[out * DV4 + $mu * 4u + $cu] = mean$r_$m_$c / sum$r; }
        #end
      #end
      stats[out] = vec2<f32>(highest$r, 1.0 / sum$r);
    }
  #end
}
