// Four neighbouring rows of vec4: for adapters without subgroups.

alias Four = vec4<u32>;  // where the rows begin

fn quad_begin() {}

// Rows row .. row + 3, none past `last`.
fn four(tensor: Tensor, row: u32, last: u32, head: u32) -> Four {
  let rows = min(vec4<u32>(row, row + 1u, row + 2u, row + 3u), vec4<u32>(last));
  return tensor.at + rows * tensor.row + head * tensor.head;
}

#part four_reader(name, buffer)
fn $name(at: Four, column: u32) -> mat4x4<f32> {
  return mat4x4<f32>($buffer[at.x + column], $buffer[at.y + column], $buffer[at.z + column], $buffer[at.w + column]);
}
#end
