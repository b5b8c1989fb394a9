// The gradient of a state row as rows that a linear map left (linear_rows.wgsl): grad_state [rows][Z].

@group(0) @binding(7) var<storage, read> grad_state: array<vec4<f32>>;

fn place_of(replica: u32, row: u32, owner: u32) -> u32 { return row * (Z / 4u); }

fn grad_state_at(place: u32, at: u32) -> f32 { return grad_state[place + at / 4u][at % 4u]; }

fn grad_state_quad(place: u32, j: u32) -> mat4x4<f32> {
  let at = place + j;
  return mat4x4<f32>(grad_state[at], grad_state[at + 1u], grad_state[at + 2u], grad_state[at + 3u]);
}
