import { type AttentionRule, phiTensor } from './rule.ts';

/** Finite precision, docs/theory.md §1: w = e^{log(i) (a − max a)} with a = c + φ, and w ≤ 2^−bits becomes 0; bits null: no rounding. */
export const finite: AttentionRule = {
  kind: 'finite',
  limit: true,
  describe: attention =>
    `finite precision, ${('bits' in attention ? attention.bits : undefined) ?? '∞'} bits`,
  tensors: phiTensor,
  contentFactor: logPosition => logPosition,
  contentFactorSlope: () => 0,
  suffixBias: (logPosition, phi) => logPosition * phi,
  leastWeight: attention => ('bits' in attention && attention.bits !== null ? 2 ** -attention.bits : 0),
  wgsl: /* wgsl */ `
fn content_factor(log_position: f32, sigma: f32) -> f32 { return log_position; }
fn suffix_bias(log_position: f32, phi: f32) -> f32 { return log_position * phi; }
fn kept(w: vec4<f32>) -> vec4<f32> {
  if (BITS == 0) { return w; }
  return select(w, vec4<f32>(), w <= vec4<f32>(exp2(-f32(BITS))));
}`,
};
