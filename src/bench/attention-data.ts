import { pcg4d } from '../shared/random.ts';
import { attentionBackward, attentionForward } from './attention-loops.ts';
import type { AttentionProblem } from './protocol.ts';

/**
 * One instance of causal attention, α = softmax_{j ≤ i}(scale · k_j · q_i): docs/theory.md §1 in infinite precision without a
 * τ-suffix (φ = 0). Arrays are [H, T, D], standard normal.
 */
export interface AttentionData extends AttentionProblem {
  scale: number;
  queries: Float32Array<ArrayBuffer>;
  keys: Float32Array<ArrayBuffer>;
  values: Float32Array<ArrayBuffer>;
  /** Gradient of the means. */
  gradMeans: Float32Array<ArrayBuffer>;
}

/** The same inputs for every implementation and every run. */
export function attentionData(problem: AttentionProblem): AttentionData {
  const { heads, T, D } = problem;
  const array = (stream: number) => normals(heads * T * D, stream);
  return {
    ...problem,
    scale: 1 / Math.sqrt(D),
    queries: array(1),
    keys: array(2),
    values: array(3),
    gradMeans: array(4),
  };
}

/** Float64 results: means [H, T, D], or the gradients of queries, keys and values. */
export function attentionTruth(data: AttentionData): Float64Array[] {
  const fresh = () => new Float64Array(data.queries.length);
  const means = fresh();
  if (data.direction === 'forward') {
    attentionForward(data, means);
    return [means];
  }
  const gradients = { queries: fresh(), keys: fresh(), values: fresh() };
  attentionBackward(data, gradients);
  return [gradients.queries, gradients.keys, gradients.values];
}

/** Standard normal numbers (Box and Muller), four a hash. */
function normals(count: number, stream: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(count);
  for (let i = 0; i < count; i += 4) {
    const [a, b, c, d] = pcg4d(i, stream, 0x62656e63, 0x68).map(word => (word + 0.5) / 2 ** 32);
    const [near, far] = [Math.sqrt(-2 * Math.log(a!)), Math.sqrt(-2 * Math.log(c!))];
    const [first, second] = [2 * Math.PI * b!, 2 * Math.PI * d!];
    const four = [
      near * Math.cos(first),
      near * Math.sin(first),
      far * Math.cos(second),
      far * Math.sin(second),
    ];
    for (let k = 0; k < 4 && i + k < count; k++) out[i + k] = four[k]!;
  }
  return out;
}
