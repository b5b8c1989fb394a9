// The gradient of a state row behind which one query of layer 2 stands (query_backward.wgsl):
//   grad_state = sum_h attention_h grad_zmean[h] + grad_score_h z_query[h]   (+ grad_zlast at the sequence's last position)

@group(0) @binding(7) var<storage, read> attention: array<f32>;
@group(0) @binding(8) var<storage, read> grad_scores: array<f32>;

// Where a row finds its parts: vec4 into the arena, and the row itself.
struct Place { row: u32, grad_last: u32, grad_mean: u32, z_query: u32, last: f32 }

fn place_of(replica: u32, row: u32, owner: u32) -> Place {
  let base = replica * STRIDE;
  let sequence = sequence_of(owner, chunk.sequences);
  return Place(
    row,
    (base + AT_GRAD_ZLAST + sequence * Z) / 4u,
    (base + AT_GRAD_ZMEAN + sequence * H * Z) / 4u,
    (base + AT_ZQUERY + sequence * H * Z) / 4u,
    select(0.0, 1.0, owner >= LAST && owner != NOBODY),
  );
}

fn grad_state_at(place: Place, at: u32) -> f32 {
  let j = at / 4u;
  var sum = place.last * arena[place.grad_last + j][at % 4u];
  for (var h = 0u; h < H; h++) {
    sum += attention[place.row * H_PAD + h] * arena[place.grad_mean + h * (Z / 4u) + j][at % 4u]
         + grad_scores[place.row * H_PAD + h] * arena[place.z_query + h * (Z / 4u) + j][at % 4u];
  }
  return sum;
}

fn grad_state_quad(place: Place, j: u32) -> mat4x4<f32> {
  var sum = place.last * arena_quad(place.grad_last + j);
  for (var h = 0u; h < H; h++) {
    sum += attention[place.row * H_PAD + h] * arena_quad(place.grad_mean + h * (Z / 4u) + j)
         + grad_scores[place.row * H_PAD + h] * arena_quad(place.z_query + h * (Z / 4u) + j);
  }
  return sum;
}
