// What linear_rows.wgsl stores: the product added to rows of another buffer, the residual stream or an earlier part of a gradient.

@group(0) @binding(5) var<storage, read> other: array<vec4<f32>>;

fn finish(product: vec4<f32>, replica: u32, row: u32, column4: u32) -> vec4<f32> {
  return other[row * OUT4 + column4] + product;
}
