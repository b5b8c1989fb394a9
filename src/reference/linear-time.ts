import { type ClassTables, classTables, FirstLayer, throughMlp } from '../model/first-layer.ts';
import { isDeep, isLinear } from '../model/paths.ts';
import { add, dot, multiply, multiplyTransposed, type Vector } from '../shared/linear.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { attentionRow } from './attention.ts';

/**
 * f(x) in float64 in time linear in T, through the class histogram (docs/theory.md §2): the twin of the kernels at lengths that
 * the dense reference cannot reach. One or two layers; tested against `referenceForward`. `tables` spare work where a
 * model is asked more than once.
 */
export function linearTimeForward(model: AnyModel, tokens: ArrayLike<number>, tables?: ClassTables): Vector {
  const { config, tensors } = model;
  if (!isLinear(config))
    throw new Error('no linear path: this takes limit rules, no norm, one or two layers');
  const { outputs, heads, width: d, keyWidth, attention, locality } = config;
  const first = new FirstLayer(model, tables ?? classTables(model));
  const states: Vector[] = [];
  for (let i = 0; i < tokens.length; i++) {
    first.see(tokens[i]!);
    if (isDeep(config)) states.push(first.state());
  }
  if (!isDeep(config)) return multiply(tensors.unembed!, first.state(), outputs);
  const last = states.at(-1)!;
  const residual = last.slice();
  for (let h = 0; h < heads; h++) {
    const offset = h * keyWidth * d;
    const query = multiply(tensors['layer.1.query']!, last, keyWidth, offset);
    // One vector Kᵀ q instead of a key for every position.
    const direction = multiplyTransposed(tensors['layer.1.key']!, query, d, offset);
    const logits = Float64Array.from(states, y => attention.scale * dot(y, direction));
    const phi = tensors['layer.1.phi']!.subarray(h * (locality + 1), (h + 1) * (locality + 1));
    const weights = attentionRow(config, h, logits, { phi, sigma: 1 });
    const mean = new Float64Array(d);
    states.forEach((y, j) => {
      add(mean, y, weights[j]!);
    });
    add(residual, multiply(tensors['layer.1.value']!, mean, d, h * d * d));
  }
  return multiply(tensors.unembed!, throughMlp(model, 1, residual), outputs);
}
