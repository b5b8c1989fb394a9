import type { AttentionData } from './attention-data.ts';

type Floats = Float32Array | Float64Array;

/*
 * Causal attention in plain loops, every sum in float64: the truth that implementations are held to when it writes float64, and
 * the "plain loops" line of the tables when it writes float32.
 */

/** Weights α_ij, j ≤ i, of row i of a head into `weights[0…i]`. */
function rowWeights(
  { D, scale, queries, keys }: AttentionData,
  base: number,
  i: number,
  weights: Float64Array,
): void {
  const q = base + i * D;
  let highest = Number.NEGATIVE_INFINITY;
  for (let j = 0; j <= i; j++) {
    const k = base + j * D;
    let score = 0;
    for (let d = 0; d < D; d++) score += queries[q + d]! * keys[k + d]!;
    weights[j] = score * scale;
    if (weights[j]! > highest) highest = weights[j]!;
  }
  let sum = 0;
  for (let j = 0; j <= i; j++) {
    weights[j] = Math.exp(weights[j]! - highest);
    sum += weights[j]!;
  }
  for (let j = 0; j <= i; j++) weights[j]! /= sum;
}

/** Writes Σ_j α_ij v_j to `means` [H, T, D]. */
export function attentionForward(data: AttentionData, means: Floats): void {
  const { heads, T, D, values } = data;
  const weights = new Float64Array(T);
  const mean = new Float64Array(D);
  for (let h = 0; h < heads; h++) {
    const base = h * T * D;
    for (let i = 0; i < T; i++) {
      rowWeights(data, base, i, weights);
      mean.fill(0);
      for (let j = 0; j <= i; j++) {
        const w = weights[j]!;
        const v = base + j * D;
        for (let d = 0; d < D; d++) mean[d]! += w * values[v + d]!;
      }
      means.set(mean, base + i * D);
    }
  }
}

/** Writes the gradients of Σ means · gradMeans to arrays [H, T, D]. */
export function attentionBackward(
  data: AttentionData,
  gradients: { queries: Floats; keys: Floats; values: Floats },
): void {
  const { heads, T, D, scale, queries, keys, values, gradMeans } = data;
  const weights = new Float64Array(T);
  const gradWeights = new Float64Array(T);
  const gradKeys = new Float64Array(T * D);
  const gradValues = new Float64Array(T * D);
  const gradQuery = new Float64Array(D);
  for (let h = 0; h < heads; h++) {
    const base = h * T * D;
    gradKeys.fill(0);
    gradValues.fill(0);
    for (let i = 0; i < T; i++) {
      const row = base + i * D;
      rowWeights(data, base, i, weights);
      let mean = 0;
      for (let j = 0; j <= i; j++) {
        const v = base + j * D;
        let product = 0;
        for (let d = 0; d < D; d++) product += gradMeans[row + d]! * values[v + d]!;
        gradWeights[j] = product;
        mean += weights[j]! * product;
      }
      gradQuery.fill(0);
      for (let j = 0; j <= i; j++) {
        const w = weights[j]!;
        const g = scale * w * (gradWeights[j]! - mean);
        const at = j * D;
        for (let d = 0; d < D; d++) {
          gradQuery[d]! += g * keys[base + at + d]!;
          gradKeys[at + d]! += g * queries[row + d]!;
          gradValues[at + d]! += w * gradMeans[row + d]!;
        }
      }
      gradients.queries.set(gradQuery, row);
    }
    gradients.keys.set(gradKeys, base);
    gradients.values.set(gradValues, base);
  }
}
