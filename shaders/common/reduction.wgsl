// Sizes and strides of one sum over rows (engine/reduction.ts). Names ending in 4 count vec4. The rows of group g of replica r are
// starts[r * replica_starts + g * group_starts] up to the start that follows, counted from r * rows.

struct Reduction {
  rows: u32,            // of a replica at most: what replicas lie apart
  groups: u32,          // of a replica
  blocks: u32,          // of a group at most
  replica_starts: u32,
  group_starts: u32,
  accumulate: u32,
  left_columns: u32,
  left_stride: u32,
  left_first: u32,
  right_columns4: u32,
  right_stride4: u32,
  right_first4: u32,
  at_out: u32,          // floats into a replica's block of the arena
  out_stride4: u32,
  out_group4: u32,
}

// Rows that one thread adds; sum_partials.wgsl adds these blocks.
const BLOCK_ROWS = 256u;
