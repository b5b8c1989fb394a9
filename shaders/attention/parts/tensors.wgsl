// Dense causal attention (docs/theory.md, sections 1 and 10): where its rows lie (engine/attention/inputs.ts), for every kernel.
// Rows are those of row sets (engine/row-set.ts), numbered through all replicas. Group y: replica; z: sequence, head (, block).
// Places count the unit of the kernel's loads: mat4x4 in the kernels with rows in registers, else vec4.

struct Tensor {
  at: u32,
  row: u32,    // from row to row
  head: u32,   // from head to head; 0: shared
  rows: u32,   // room a replica
}

struct Attention {
  queries: Tensor,
  keys: Tensor,
  values: Tensor,
  grads: Tensor,          // gradient of the means; backward only
  sequences: u32,         // of a replica
  parameter_stride: u32,  // floats of a replica's block of parameters
  at_phi: u32,            // phi [H][TAU+1] and log_scale [H] in it
  at_log_scale: u32,
  chunks: u32,            // of the keys of the longest sequence; forward_split.wgsl only
}

fn place(tensor: Tensor, row: u32, head: u32) -> u32 { return tensor.at + row * tensor.row + head * tensor.head; }

// Score of a key that is not seen, and `highest` of a row that sees none, so that every weight is 0.
const LOWEST = -1e38;
const HIGHEST = 1e38;

// What a query row leaves in `stats` for the backward pass: (highest score, 1 / sum of weights, room for delta, position).
fn statistic(highest: f32, sum: f32, position: u32) -> vec4<f32> {
  if (position == 0u) { return vec4<f32>(HIGHEST, 0.0, 0.0, 0.0); }
  return vec4<f32>(highest, 1.0 / sum, 0.0, f32(position));
}
