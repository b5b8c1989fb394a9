// For kernels whose tiles are query rows of a sequence. They say what `position_at` a row is.

// Position of the last of rows first .. end - 1 that is no padding; 0: all are.
fn last_position(first: u32, end: u32) -> u32 {
  var row = end;
  var position = 0u;
  while (position == 0u && row > first) {
    row -= 1u;
    position = position_at(row);
  }
  return position;
}
