import type { Attention, ModelConfig } from '../../shared/model-config.ts';

/**
 * An attention rule: what becomes of the content logit c_ij = scale (K_h y_j)·(Q_h y_i) before and after the exponential
 * (docs/theory.md §§1, 10). The score of query i for key j, offset t = i − j, is
 *
 *     s_ij = contentFactor(log i, σ_h) c_ij + suffixBias(log i, φ_h[t])      the bias for t ≤ τ only
 *     w_ij = kept(e^{s_ij − max_j s_ij}),    α = w / Σ w
 *
 * and an encoding (model/encodings/) may add to it. A new rule is one file that exports one of these, and one line in `registry.ts`.
 */
export interface AttentionRule {
  kind: 'infinite' | 'finite' | 'softmax';
  /** Position enters through residues and the τ-suffix alone, so that a first layer sees classes (docs/theory.md §2). */
  limit: boolean;
  /** In a few words, for people. */
  describe(attention: Attention): string;
  /** What a layer has of it besides query, key and value: tensor names after `layer.{l}.`, in file order. */
  tensors(config: Pick<ModelConfig, 'heads' | 'locality'>): { name: 'phi' | 'log_scale'; shape: number[] }[];
  /** Factor on the content logit. `sigma` is the head's σ, 1 where the rule has none. */
  contentFactor(logPosition: number, sigma: number): number;
  /** Its derivative in σ. */
  contentFactorSlope(logPosition: number): number;
  /** Added at offset t ≤ τ, linear in `phi`. */
  suffixBias(logPosition: number, phi: number): number;
  /** A weight relative to the largest, rounded: those of at most this are 0. */
  leastWeight(attention: Attention): number;
  /**
   * The same in WGSL, `BITS` and `LOG_SCALE` being constants:
   * `fn content_factor(log_position: f32, sigma: f32) -> f32`, `fn suffix_bias(log_position: f32, phi: f32) -> f32`,
   * `fn kept(w: vec4<f32>) -> vec4<f32>`.
   */
  wgsl: string;
}

/** φ of a limit rule. */
export const phiTensor = ({ heads, locality }: Pick<ModelConfig, 'heads' | 'locality'>) => [
  { name: 'phi' as const, shape: [heads, locality + 1] },
];
