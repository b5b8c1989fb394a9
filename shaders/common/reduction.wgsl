// Sizes and strides of one sum over rows (engine/reduction.ts). Names ending in 4 count vec4.

struct Reduction {
  rows: u32,            // of a group
  block_rows: u32,
  groups: u32,          // of a replica
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
