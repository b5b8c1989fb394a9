import { type AttentionRule, phiTensor } from './rule.ts';

/** Infinite precision, docs/theory.md §1: softmax of c, the τ-suffix scaled by log i: e^{c} i^{φ}. */
export const infinite: AttentionRule = {
  kind: 'infinite',
  limit: true,
  describe: () => 'infinite precision',
  tensors: phiTensor,
  contentFactor: () => 1,
  contentFactorSlope: () => 0,
  suffixBias: (logPosition, phi) => logPosition * phi,
  leastWeight: () => 0,
  wgsl: /* wgsl */ `
fn content_factor(log_position: f32, sigma: f32) -> f32 { return 1.0; }
fn suffix_bias(log_position: f32, phi: f32) -> f32 { return log_position * phi; }
fn kept(w: vec4<f32>) -> vec4<f32> { return w; }`,
};
