// Four neighbouring floats of the left side of outer_rows.wgsl.

fn quad_begin() {}

fn left_four(at: u32) -> vec4<f32> { return vec4<f32>(left[at], left[at + 1u], left[at + 2u], left[at + 3u]); }
