// Which queries see a key, by their positions in `stats`, for the kernels whose lanes are keys.

// Whether a query row sees a key of this index or a later one; padding, at the end of its sequence, counts as if it did.
fn sees(row: u32, key: u32) -> bool {
  let position = u32(stats[row * H].w);
  return position == 0u || position > key;
}

// First row of the first group of four in which a query sees a key of this index or a later one: bisection.
fn first_seeing(sequence: Sequence, key: u32) -> u32 {
  var low = sequence.first_query;
  var high = sequence.end_query;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (sees(middle, key)) { high = middle; } else { low = middle + 1u; }
  }
  return sequence.first_query + ((low - sequence.first_query) & ~3u);
}

// The statistics of a query row; past the sequence's end those of a row that sees nothing.
fn statistic_of(sequence: Sequence, row: u32, head: u32) -> vec4<f32> {
  let own = stats[min(row, sequence.end_query - 1u) * H + head];
  return select(vec4<f32>(HIGHEST, 0.0, 0.0, 0.0), own, row < sequence.end_query);
}
