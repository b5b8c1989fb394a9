import { type Encoding, NOTHING } from './encoding.ts';

/** ALiBi (Press et al. 2022): s_ij −= 2^(−8(h+1)/H) (i − j), heads from 0. */
export const alibi: Encoding = {
  ...NOTHING,
  kind: 'alibi',
  bias: ({ heads }, h, t) => -(2 ** ((-8 * (h + 1)) / heads)) * t,
  biasWgsl: `
fn offset_bias(head: u32, t: vec4<u32>) -> vec4<f32> {
  return -exp2(-8.0 * f32(head + 1u) / f32(H)) * vec4<f32>(t);
}`,
};
