import type { ModelConfig } from '../shared/model-config.ts';

/**
 * Attention of one query over the keys j = 1…i (theory.md §1), float64, from its content logits `c[j−1]`.
 * Infinite precision: softmax(c + log(i) φ on the τ-suffix). Finite precision: w = e^{log(i)(a − max a)}, a = c + φ, w ≤ 2^−bits
 * set to 0, normalised; bits null: no rounding. Returns i weights.
 */
export function attentionRow(
  config: Pick<ModelConfig, 'attention' | 'locality'>,
  logits: Float64Array,
  phi: ArrayLike<number>,
): Float64Array {
  const { attention, locality } = config;
  const i = logits.length;
  const logPosition = Math.log(i);
  const finite = attention.precision === 'finite';
  const scores = logits.map((c, j) => {
    const t = i - 1 - j;
    if (t > locality) return c;
    return finite ? c + phi[t]! : c + logPosition * phi[t]!;
  });
  const highest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = scores.map(score => {
    if (!finite) return Math.exp(score - highest);
    const w = Math.exp(logPosition * (score - highest));
    return attention.bits !== null && w <= 2 ** -attention.bits ? 0 : w;
  });
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map(w => w / total);
}

/** Gradients of one row: of the content logits [i] and of φ [τ+1], from the gradient of the weights [i]. */
export function attentionRowBackward(
  config: ModelConfig,
  weights: Float64Array,
  gradWeights: Float64Array,
): { logits: Float64Array; phi: Float64Array } {
  const i = weights.length;
  const logPosition = Math.log(i);
  const scale = config.attention.precision === 'finite' ? logPosition : 1;
  let mean = 0;
  for (let j = 0; j < i; j++) mean += weights[j]! * gradWeights[j]!;
  const softmax = weights.map((w, j) => w * (gradWeights[j]! - mean));
  const phi = new Float64Array(config.locality + 1);
  for (let t = 0; t <= Math.min(config.locality, i - 1); t++) phi[t] = logPosition * softmax[i - 1 - t]!;
  return { logits: softmax.map(g => scale * g), phi };
}
