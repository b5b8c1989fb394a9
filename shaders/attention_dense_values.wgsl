// Last passes of dense attention over a panel of scores (attention_dense_scores.wgsl): weights on the fly, their sum, and
//   means [H][T][DV4] = sum_j alpha_ij v_j       stats [H][T].y = 1 / sum of weights
// A lane keeps the means of ROWS rows, BLOCK mat4x4 of columns, in registers. Group z: head of the panel, then block of columns.

@group(0) @binding(0) var<uniform> dense: Dense;
@group(0) @binding(1) var<uniform> panel: Panel;
@group(0) @binding(2) var<storage, read> arena: array<mat4x4<f32>>;
@group(0) @binding(3) var<storage, read> scores: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> means: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> stats: array<vec2<f32>>;

const TILE = ROWS * LANES;
const BLOCKS = (DVM + BLOCK - 1u) / BLOCK;

@compute @workgroup_size(LANES)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  let lane = subgroupExclusiveAdd(1u) & 3u;
  let place = group.z / BLOCKS;
  let head = panel.first_head + place;
  let column = (group.z % BLOCKS) * BLOCK;
  let end = min(panel.first_row + panel.rows, dense.length) - 1u;
  let first_row = panel.first_row + (groups.x - 1u - group.x) * TILE;
  let last_row = min(first_row + TILE - 1u, end);
  let at_value = dense.at_value + head * dense.value_head;

  #for r ROWS
    let row$r = first_row + $ru * LANES + thread;
    let i$r = min(row$r, end);
    let in$r = (place * panel.rows + i$r - panel.first_row) * panel.stride4;
    let highest$r = stats[head * dense.length + i$r].x;
    var sum$r = 0.0;
    #for m BLOCK
      #for c 4
        var mean$r_$m_$c = vec4<f32>();
      #end
    #end
  #end
  for (var j = 0u; j <= last_row; j += 4u) {
    let mine = min(j + lane, dense.length - 1u);
    #for r ROWS
      let w$r = rounded(exp(scores[in$r + j / 4u] - highest$r));
      sum$r += dot(w$r, vec4<f32>(1.0));
    #end
    #for m BLOCK
      let value$m = arena[at_value + mine * DVM + min(column + $mu, DVM - 1u)];
      #for c 4
        let values$m_$c = shared_columns(value$m[$c]);
        #for r ROWS
          mean$r_$m_$c += values$m_$c * w$r;
        #end
      #end
    #end
  }
  #for r ROWS
    if (row$r <= end) {
      let out = head * dense.length + i$r;
      #for m BLOCK
        #for c 4
          if ((column + $mu) * 4u + $cu < DV4) { means[out * DV4 + (column + $mu) * 4u + $cu] = mean$r_$m_$c / sum$r; }
        #end
      #end
      if (column == 0u) { stats[out].y = 1.0 / sum$r; }
    }
  #end
}
