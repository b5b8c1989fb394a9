// Layer-2 logits of the one query of each sequence, its last position T, against the state rows of a chunk (hidden_forward.wgsl):
//   c_j = z_query[h] . state[j]                     (z_query = s K_h^T Q_h y_T, written in state coordinates)
//   scores [rows][H_PAD] = content_factor c_j + suffix_bias(phi[T - j]), the bias for T - j <= TAU (src/model/rules/)
// Rows past the end are left alone: query_softmax.wgsl does not read them. v1, a kernel of its own that loaded the state again: 5 % of
// a training step.

@group(0) @binding(4) var<storage, read> phi: array<f32>;
@group(0) @binding(5) var<storage, read> lengths: array<u32>;
@group(0) @binding(6) var<storage, read> owners: array<u32>;
@group(0) @binding(7) var<storage, read> positions: array<u32>;
@group(0) @binding(8) var<storage, read_write> scores: array<f32>;

#part begin_reading()
  let sequence = sequence_of(owners[row], space.sequences);
  let z_query = (id.y * STRIDE + AT_ZQUERY + sequence * H * Z) / 4u;
  #for h H
    var score$h = 0.0;
  #end
#end

// Four vec4 z0 .. z3 of the state row, j the first.
#part read()
  #for h H
    let q$h = arena_quad(z_query + $hu * (Z / 4u) + j);
    score$h += (dot(z0, q$h[0]) + dot(z1, q$h[1])) + (dot(z2, q$h[2]) + dot(z3, q$h[3]));
  #end
#end

#part end_reading()
  for (var j = M_PAD / 4u; j < Z / 4u; j += 4u) {
    let z = row * (Z / 4u) + j;
    #for c 4
      let z$c = state[z + $cu];
    #end
    #call read()
  }
  let position = positions[row];
  if (position == 0u || id.x != at) { return; }
  let length = lengths[id.y * space.sequences + sequence];
  let log_length = log(f32(length));
  let factor = content_factor(log_length, 1.0);
  let t = length - position;
  #for h H
    var bias$h = 0.0;
    if (t <= TAU) { bias$h = suffix_bias(log_length, phi[id.y * STRIDE + AT_PHI2 + $hu * (TAU + 1u) + t]); }
    scores[row * H_PAD + $hu] = factor * score$h + bias$h;
  #end
#end
