// First of the three passes of dense attention: scores of a panel of query rows, and each row's highest.
//   scores [heads of the panel][panel rows][stride4] = score_ij (LOWEST past the diagonal)      stats [H][T].x = max_j score_ij
// A lane keeps ROWS query rows in registers; quads broadcast the keys (common/dense_quad.wgsl). Group z: head of the panel.
// With attention_dense_values.wgsl 1.0 times the speed of attention_dense_fused.wgsl on SwiftShader, where it can round besides.

@group(0) @binding(0) var<uniform> dense: Dense;
@group(0) @binding(1) var<uniform> panel: Panel;
@group(0) @binding(2) var<storage, read> arena: array<mat4x4<f32>>;
@group(0) @binding(3) var<storage, read> phi: array<f32>;
@group(0) @binding(4) var<storage, read_write> scores: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> stats: array<vec2<f32>>;

const TILE = ROWS * LANES;

@compute @workgroup_size(LANES)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  let lane = subgroupExclusiveAdd(1u) & 3u;
  let head = panel.first_head + group.z;
  let end = min(panel.first_row + panel.rows, dense.length) - 1u;
  let first_row = panel.first_row + (groups.x - 1u - group.x) * TILE;
  let last_row = min(first_row + TILE - 1u, end);
  let near = near_from(first_row);
  let at_key = dense.at_key + head * dense.length * DKM;

  #for r ROWS
    let row$r = first_row + $ru * LANES + thread;
    let i$r = min(row$r, end);
    let factor$r = row_factor(i$r);
    let out$r = (group.z * panel.rows + i$r - panel.first_row) * panel.stride4;
    #for m DKM
      let query$r_$m = arena[dense.at_query + (head * dense.length + i$r) * DKM + $mu] * factor$r;
    #end
    var highest$r = LOWEST;
  #end
  for (var j = 0u; j <= last_row; j += 4u) {
    let mine = min(j + lane, dense.length - 1u);
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
      highest$r = max(highest$r, largest(s$r));
      if (row$r <= end) { scores[out$r + j / 4u] = s$r; }
    #end
  }
  #for r ROWS
    if (row$r <= end) { stats[head * dense.length + i$r].x = highest$r; }
  #end
}
