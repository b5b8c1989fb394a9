// Gradients of phi [H][TAU+1] and log_scale [H] from grad_scores (backward_query_fused.wgsl), the score being linear in log(i) times
// either:   sum over a replica's query rows of log(i) * grad_scores
// One workgroup an element (group x) of a replica (y); rows in turns, 32 of a thread at a time, then a tree: a fixed order.

@group(0) @binding(0) var<uniform> places: Places;
@group(0) @binding(1) var<storage, read> query_starts: array<u32>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> grad_scores: array<f32>;
@group(0) @binding(4) var<storage, read_write> parameters: array<f32>;

struct Places {
  rows: u32,       // room a replica
  sequences: u32,  // of a replica
  stride: u32,     // floats of a replica's block of parameters
  at_phi: u32,     // where the gradients go in it
  at_log_scale: u32,
}

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let head = group.x / SLOTS;
  let slot = group.x % SLOTS;
  let is_phi = SUFFIX && slot <= TAU;
  let is_log_scale = LOG_SCALE && slot == SLOTS - 1u;
  if (!is_phi && !is_log_scale) { return; }
  let first = group.y * places.rows;
  let end = first + query_starts[(group.y + 1u) * (places.sequences + 1u) - 1u];
  var sum = 0.0;
  for (var block = first + thread; block < end; block += 32u * LANES) {
    var part = 0.0;
    for (var row = block; row < min(block + 32u * LANES, end); row += LANES) {
      part += log(f32(max(positions[row], 1u))) * grad_scores[(row * H + head) * SLOTS + slot];
    }
    sum += part;
  }
  let total = workgroup_sum(sum, thread);
  if (thread > 0u) { return; }
  let at = group.y * places.stride;
  if (is_phi) { parameters[at + places.at_phi + head * (TAU + 1u) + slot] = total; }
  else { parameters[at + places.at_log_scale + head] = total; }
}
