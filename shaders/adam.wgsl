// One Adam step with bias correction, gradient clipping and per-parameter (muP) learning rates:
//   g = gradient * min(1, clip / norm)     m = beta1 m + (1 - beta1) g     v = beta2 v + (1 - beta2) g^2
//   parameter -= learning rate * rate[step] * multiplier * (m / c1) / (sqrt(v / c2) + epsilon),   c = 1 - beta^t
// schedule [steps] = (rate factor, 1/c1, 1/c2, 0). CLIP = 0: no clipping. One thread four parameters.
// Source: Kingma and Ba 2015; Yang et al. 2022 (muP).

@group(0) @binding(0) var<storage, read> clock: array<u32>;
@group(0) @binding(1) var<storage, read> schedule: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> replicas: array<Replica>;
@group(0) @binding(3) var<storage, read> multipliers: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> norms: array<f32>;
@group(0) @binding(5) var<storage, read_write> arena: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= PARAMETERS / 4u) { return; }
  let at = id.y * (STRIDE / 4u) + id.x;
  let now = schedule[clock[0]];
  var g = arena[at + AT_GRADIENTS / 4u];
  if (CLIP > 0.0) {
    let norm = norms[id.y];
    if (norm > CLIP) { g *= CLIP / norm; }
  }
  let m = BETA1 * arena[at + AT_MOMENT1 / 4u] + (1.0 - BETA1) * g;
  let v = BETA2 * arena[at + AT_MOMENT2 / 4u] + (1.0 - BETA2) * g * g;
  arena[at + AT_MOMENT1 / 4u] = m;
  arena[at + AT_MOMENT2 / 4u] = v;
  let rate = replicas[id.y].learning_rate * now.x * multipliers[id.x];
  arena[at] -= rate * (m * now.y) / (sqrt(v * now.z) + EPSILON);
}
