// Four neighbouring rows of vec4, the same in all lanes of a quad: each lane loads one and hands it to the others (docs/kernels.md).

alias Four = u32;  // where this lane's row begins

var<private> quad_lane: u32;

// Call once, first, while all lanes are active: the number of lanes before this one is its place, however lanes map to ids.
fn quad_begin() { quad_lane = subgroupExclusiveAdd(1u) & 3u; }

// Rows row .. row + 3, none past `last`.
fn four(tensor: Tensor, row: u32, last: u32, head: u32) -> Four { return place(tensor, min(row + quad_lane, last), head); }

#part four_reader(name, buffer)
fn $name(at: Four, column: u32) -> mat4x4<f32> {
  let mine = $buffer[at + column];
  return mat4x4<f32>(quadBroadcast(mine, 0u), quadBroadcast(mine, 1u), quadBroadcast(mine, 2u), quadBroadcast(mine, 3u));
}
#end
