// One Adam step with bias correction, gradient clipping and per-parameter (muP) learning rates:
//   g = gradient * min(1, clip / norm)     m = beta1 m + (1 - beta1) g     v = beta2 v + (1 - beta2) g^2
//   parameter -= learning rate * rate[step] * multiplier * (m / c1) / (sqrt(v / c2) + epsilon),   c = 1 - beta^t
// schedule [steps] = (rate factor, 1/c1, 1/c2, 0). CLIP = 0: no clipping.  Source: Kingma and Ba 2015; Yang et al. 2022 (muP).

@group(0) @binding(0) var<storage, read> clock: array<u32>;
@group(0) @binding(1) var<storage, read> schedule: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> replicas: array<Replica>;
@group(0) @binding(3) var<storage, read> multipliers: array<f32>;
@group(0) @binding(4) var<storage, read> norms: array<f32>;
@group(0) @binding(5) var<storage, read_write> arena: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= PARAMETERS) { return; }
  let base = id.y * STRIDE + id.x;
  let now = schedule[clock[0]];
  var g = arena[base + AT_GRADIENTS];
  if (CLIP > 0.0 && norms[id.y] > CLIP) { g *= CLIP / norms[id.y]; }
  let m = BETA1 * arena[base + AT_MOMENT1] + (1.0 - BETA1) * g;
  let v = BETA2 * arena[base + AT_MOMENT2] + (1.0 - BETA2) * g * g;
  arena[base + AT_MOMENT1] = m;
  arena[base + AT_MOMENT2] = v;
  let rate = replicas[id.y].learning_rate * now.x * multipliers[id.x];
  arena[base] -= rate * (m * now.y) / (sqrt(v * now.z) + EPSILON);
}
