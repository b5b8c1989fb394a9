// For encodings that add nothing to a score.
fn offset_bias(head: u32, t: vec4<u32>) -> vec4<f32> { return vec4<f32>(); }
