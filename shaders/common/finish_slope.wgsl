// What linear_rows.wgsl stores: the product times psi'(pre-activation), the way back through the MLP.

@group(0) @binding(5) var<storage, read> other: array<vec4<f32>>;

fn finish(product: vec4<f32>, replica: u32, row: u32, column4: u32) -> vec4<f32> {
  return activate_slope(other[row * OUT4 + column4]) * product;
}
