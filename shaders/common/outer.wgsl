// Sizes and strides of one sum over rows (engine/outer.ts). Names ending in 4 count vec4. The rows of segment g of replica r are
// starts[r * replica_starts + g * segment_starts] up to the start that follows, counted from r * rows.

struct Outer {
  rows: u32,            // of a replica at most: what replicas lie apart
  segments: u32,          // of a replica
  blocks: u32,          // of a segment at most
  replica_starts: u32,
  segment_starts: u32,
  accumulate: u32,
  left_columns: u32,
  left_stride: u32,
  left_first: u32,
  right_columns4: u32,
  right_stride4: u32,
  right_first4: u32,
  at_out: u32,          // floats into a replica's block of the arena
  out_stride4: u32,
  out_segment4: u32,
}

// Rows that one thread adds; sum_partials.wgsl adds these blocks.
const BLOCK_ROWS = 256u;
