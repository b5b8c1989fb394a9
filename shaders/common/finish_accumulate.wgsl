// What linear_rows.wgsl stores: the product added to what is there.

fn finish(product: vec4<f32>, replica: u32, row: u32, column4: u32) -> vec4<f32> {
  return output[row * OUT4 + column4] + product;
}
