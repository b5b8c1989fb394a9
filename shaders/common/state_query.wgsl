// The gradient of a state row behind which one query of layer 2 stands (query_backward.wgsl):
//   grad_state = sum_h attention_h grad_zmean[h] + grad_score_h z_query[h]   (+ grad_zlast at the sequence's last position)

@group(0) @binding(7) var<storage, read> attention: array<f32>;
@group(0) @binding(8) var<storage, read> grad_scores: array<f32>;

// What a row brings, and where its sequence's parts lie, as vec4 into the arena.
#part state_begin()
  let owner = owners[row];
  let sequence = sequence_of(owner, chunk.sequences);
  let is_last = select(0.0, 1.0, owner >= LAST && owner != NOBODY);
  let base = id.y * STRIDE;
  let grad_last = (base + AT_GRAD_ZLAST + sequence * Z) / 4u;
  let grad_mean = (base + AT_GRAD_ZMEAN + sequence * H * Z) / 4u;
  let z_query = (base + AT_ZQUERY + sequence * H * Z) / 4u;
  #for h H
    let weight$h = attention[row * H_PAD + $hu];
    let score$h = grad_scores[row * H_PAD + $hu];
  #end
#end

// Float `at` of the gradient.
#part state_float(name, at)
  let $name_place = ($at) / 4u;
  var $name = is_last * arena[grad_last + $name_place][($at) % 4u];
  #for h H
    $name += weight$h * arena[grad_mean + $hu * (Z / 4u) + $name_place][($at) % 4u]
           + score$h * arena[z_query + $hu * (Z / 4u) + $name_place][($at) % 4u];
  #end
#end

// Its four vec4 from vec4 j on.
#part state_quad(name)
  var $name = is_last * arena_quad(grad_last + j);
  #for h H
    $name += weight$h * arena_quad(grad_mean + $hu * (Z / 4u) + j) + score$h * arena_quad(z_query + $hu * (Z / 4u) + j);
  #end
#end
