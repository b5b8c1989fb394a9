// features_forward for training models whose mix rows are short, and what its gradient needs besides the gradient of the outputs:
//   outputs  [R*B][O]        f                                                        =
//   jacobian [R*B][O][H*C]   df_o / dmix[k] = direct[k][o] + (W_o psi'(pre)) . table[k]  =
// so that pre-activations are not computed once more on the way back. One thread ROWS rows, for which the table is loaded once. The
// one-hot entries of a mix row pick the residual. K = H*C + C.
// v1, features_forward and features_backward: 1.7x slower on SwiftShader.

@group(0) @binding(0) var<uniform> space: Space;
@group(0) @binding(1) var<storage, read> arena: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> mix: array<f32>;
@group(0) @binding(3) var<storage, read_write> outputs: array<f32>;
@group(0) @binding(4) var<storage, read_write> jacobian: array<f32>;

fn direct(table: u32, k: u32, o: u32) -> f32 { return arena[table + k * (F / 4u) + (M_PAD + o) / 4u][o % 4u]; }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  quad_begin();
  let table = (id.y * STRIDE + AT_FEATURES) / 4u;
  let readout = (id.y * STRIDE + AT_READOUT) / 4u;
  #for r ROWS
    // Rows past the end repeat the last one (and write its values again), so that control flow stays uniform for the quads.
    let row$r = id.y * space.rows + min(id.x * ROWS + $r, space.rows - 1u);
    #for k K
      let mix$r_$k = mix[row$r * MIX_STRIDE + $k];
    #end
    #for o O
      var f$r_$o = 0.0;
    #end
  #end
  #for o O
    #for k K
      let direct$o_$k = direct(table, $k, $o);
      #for r ROWS
        f$r_$o += mix$r_$k * direct$o_$k;
      #end
    #end
    #for k HC
      #for r ROWS
        var j$r_$o_$k = direct$o_$k;
      #end
    #end
  #end

  for (var j = 0u; j < M_PAD / 4u; j += 4u) {
    #for r ROWS
      var pre$r = mat4x4<f32>();
    #end
    #for k K
      let table$k = arena_quad(table + $k * (F / 4u) + j);
      #for r ROWS
        pre$r += mix$r_$k * table$k;
      #end
    #end
    #for o O
      let readout$o = arena_quad(readout + $o * (M_PAD / 4u) + j);
    #end
    #for r ROWS
      #for i 4
        {
          let hidden = activate(pre$r[$i]);
          let slope = activate_slope(pre$r[$i]);
          #for o O
            f$r_$o += dot(hidden, readout$o[$i]);
            let back$o = slope * readout$o[$i];
            #for k HC
              j$r_$o_$k += dot(back$o, table$k[$i]);
            #end
          #end
        }
      #end
    #end
  }
  #for r ROWS
    #for o O
      outputs[row$r * O + $o] = f$r_$o;
      #for k HC
        jacobian[(row$r * O + $o) * H * C + $k] = j$r_$o_$k;
      #end
    #end
  #end
}
