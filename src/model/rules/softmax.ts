import { isSoftmax } from '../../shared/model-config.ts';
import type { AttentionRule } from './rule.ts';

/** Ordinary softmax of the content logit, docs/theory.md §10. */
export const softmax: AttentionRule = {
  kind: 'softmax',
  limit: false,
  describe: attention => (isSoftmax(attention) ? `softmax, encoding ${attention.encoding}` : 'softmax'),
  tensors: () => [],
  contentFactor: () => 1,
  contentFactorSlope: () => 0,
  suffixBias: () => 0,
  leastWeight: () => 0,
  wgsl: /* wgsl */ `
fn content_factor(log_position: f32, sigma: f32) -> f32 { return 1.0; }
fn suffix_bias(log_position: f32, phi: f32) -> f32 { return 0.0; }
fn kept(w: vec4<f32>) -> vec4<f32> { return w; }`,
};

/** Scalable softmax (Nakanishi 2025): each head scales its logits by σ_h log i, σ_h learned. */
export const scalableSoftmax: AttentionRule = {
  ...softmax,
  describe: attention => `${softmax.describe(attention)}, scaled by σ log i`,
  tensors: ({ heads }) => [{ name: 'log_scale', shape: [heads] }],
  contentFactor: (logPosition, sigma) => sigma * logPosition,
  contentFactorSlope: logPosition => logPosition,
  wgsl: /* wgsl */ `
fn content_factor(log_position: f32, sigma: f32) -> f32 { return sigma * log_position; }
fn suffix_bias(log_position: f32, phi: f32) -> f32 { return 0.0; }
fn kept(w: vec4<f32>) -> vec4<f32> { return w; }`,
};
