import { encodingOf } from '../model/encodings/registry.ts';
import { ruleOf } from '../model/rules/registry.ts';
import type { ModelConfig } from '../shared/model-config.ts';

/** What a model's rule and encoding are made from. */
type Ruled = Pick<ModelConfig, 'attention' | 'locality' | 'period' | 'heads' | 'keyWidth'>;

/** A rule's own parameters of one head: φ [τ+1], empty where it has none, and σ, 1 where it has none. */
export interface HeadParameters {
  phi: ArrayLike<number>;
  sigma: number;
}

/**
 * Attention of head `h` from position i over the keys j = 1…i (docs/theory.md §§1, 10), float64, from its content logits `c[j−1]`: the
 * rule's score, the encoding's bias, softmax, small weights rounded to 0. Returns i weights.
 */
export function attentionRow(
  config: Ruled,
  h: number,
  logits: Float64Array,
  { phi, sigma }: HeadParameters,
): Float64Array {
  const rule = ruleOf(config.attention);
  const encoding = encodingOf(config.attention);
  const logPosition = Math.log(logits.length);
  const factor = rule.contentFactor(logPosition, sigma);
  const least = rule.leastWeight(config.attention);
  const scores = logits.map((c, j) => {
    const t = logits.length - 1 - j;
    const suffix = t < phi.length ? rule.suffixBias(logPosition, phi[t]!) : 0;
    return factor * c + suffix + encoding.bias(config, h, t);
  });
  const highest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = scores.map(score => {
    const w = Math.exp(score - highest);
    return w <= least ? 0 : w;
  });
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map(w => w / total);
}

/** Gradients of one row: of the content logits [i], of φ [τ+1] and of σ, from the gradient of the weights [i]. */
export function attentionRowBackward(
  config: Ruled,
  logits: Float64Array,
  { phi, sigma }: HeadParameters,
  weights: Float64Array,
  gradWeights: Float64Array,
): { logits: Float64Array; phi: Float64Array; sigma: number } {
  const rule = ruleOf(config.attention);
  const i = weights.length;
  const logPosition = Math.log(i);
  const factor = rule.contentFactor(logPosition, sigma);
  const mean = weights.reduce((sum, w, j) => sum + w * gradWeights[j]!, 0);
  const scores = weights.map((w, j) => w * (gradWeights[j]! - mean));
  const gradPhi = Float64Array.from(phi, (_, t) =>
    t < i ? rule.suffixBias(logPosition, 1) * scores[i - 1 - t]! : 0,
  );
  const along = scores.reduce((sum, g, j) => sum + g * logits[j]!, 0);
  return {
    logits: scores.map(g => factor * g),
    phi: gradPhi,
    sigma: rule.contentFactorSlope(logPosition) * along,
  };
}
