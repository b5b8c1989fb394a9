// What linear_rows.wgsl stores: the product, with a bias from the arena where HAS_BIAS.

fn finish(product: vec4<f32>, replica: u32, row: u32, column4: u32) -> vec4<f32> {
  if (HAS_BIAS) { return product + arena[(replica * STRIDE + places.bias) / 4u + column4]; }
  return product;
}
