// The gradient of a state row as rows that a linear map left (linear_rows.wgsl): grad_state [rows][Z].

@group(0) @binding(7) var<storage, read> grad_state: array<vec4<f32>>;

#part state_begin()
  let place = row * (Z / 4u);
#end

#part state_float(name, at)
  let $name = grad_state[place + ($at) / 4u][($at) % 4u];
#end

#part state_quad(name)
  let $name_at = place + j;
  let $name = mat4x4<f32>(grad_state[$name_at], grad_state[$name_at + 1u], grad_state[$name_at + 2u], grad_state[$name_at + 3u]);
#end
