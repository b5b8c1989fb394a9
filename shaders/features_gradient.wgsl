// Gradients of the feature table and of the read-out of features_forward, for models whose mix rows are short: sums over blocks of
// BLOCK_ROWS rows,
//   table_sums   [R][blocks][K][F]      mix[row][k] * (psi'(pre) * (W^T grad_outputs), then grad_outputs)     =
//   readout_sums [R][blocks][O][M_PAD]  grad_outputs[row][o] * psi(pre)                                       =
// which sum_partials.wgsl adds. Pre-activations are computed again, because rows of hidden units that one kernel writes and the next
// one reads are what a step waits for (docs/kernels.md). One thread 4 * SPAN columns of F and a block; its part of both tables, and of
// both sums, stays in registers. The one-hot entries of a mix row pick the residual. K = 4 * QUADS at least, its last entries 0.
// v1, rows written by features_backward and summed by outer_rows, as where mix rows are long: 3x slower on SwiftShader.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read> left: array<f32>;
@group(0) @binding(4) var<storage, read> grad_outputs: array<f32>;
@group(0) @binding(5) var<storage, read_write> table_sums: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> readout_sums: array<vec4<f32>>;

fn table_row(table: u32, k: u32, j: u32) -> vec4<f32> {
  if (k >= K) { return vec4<f32>(); }
  return arena[table + k * (F / 4u) + j];
}

// Row o of the read-out; behind the hidden units, the columns that carry grad_outputs to the direct part.
fn readout_row(base: u32, o: u32, j: u32) -> vec4<f32> {
  if (j < M_PAD / 4u) { return arena[(base + AT_READOUT) / 4u + o * (M_PAD / 4u) + j]; }
  return select(vec4<f32>(), vec4<f32>(1.0), vec4<u32>(0u, 1u, 2u, 3u) + 4u * j - M_PAD == vec4<u32>(o));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  quad_begin();
  // Blocks are THREADS threads apart, a multiple of four, so that the lanes of a quad run over the same rows.
  let thread = id.x % THREADS;
  let block = id.x / THREADS;
  let first = block * BLOCK_ROWS;
  let end = min(first + BLOCK_ROWS, starts[id.y * (space.sequences + 1u) + space.sequences]);
  if (first >= end) { return; }
  let base = id.y * STRIDE;
  let table = (base + AT_FEATURES) / 4u;

  #for s SPAN
    let j$s = min(thread + $s * THREADS, F / 4u - 1u);
    let is_unit$s = j$s < M_PAD / 4u;
    #for q QUADS
      #for i 4
        let table$s_$q$i = table_row(table, 4u * $q + $i, j$s);
        var sum$s_$q$i = vec4<f32>();
      #end
    #end
    #for o O
      let readout$s_$o = readout_row(base, $o, j$s);
      var hidden$s_$o = vec4<f32>();
    #end
  #end

  for (var at = first; at < end; at++) {
    let row = id.y * space.rows + at;
    #for q QUADS
      let mix$q = left_four(row * MIX_STRIDE + 4u * $q);
    #end
    #for o O
      let grad$o = grad_outputs[row * O + $o];
    #end
    #for s SPAN
      {
        var pre = vec4<f32>();
        #for q QUADS
          #for i 4
            pre += mix$q[$i] * table$s_$q$i;
          #end
        #end
        var back = vec4<f32>();
        let activation = activate(pre);
        #for o O
          back += grad$o * readout$s_$o;
          hidden$s_$o += grad$o * activation;
        #end
        let g = select(back, activate_slope(pre) * back, is_unit$s);
        #for q QUADS
          #for i 4
            sum$s_$q$i += mix$q[$i] * g;
          #end
        #end
      }
    #end
  }

  let out = id.y * ((space.rows + BLOCK_ROWS - 1u) / BLOCK_ROWS) + block;
  #for s SPAN
    if (thread + $s * THREADS < F / 4u) {
      #for q QUADS
        #for i 4
          if (4u * $q + $i < K) { table_sums[(out * K + 4u * $q + $i) * (F / 4u) + j$s] = sum$s_$q$i; }
        #end
      #end
      if (is_unit$s) {
        #for o O
          readout_sums[(out * O + $o) * (M_PAD / 4u) + j$s] = hidden$s_$o;
        #end
      }
    }
  #end
}
