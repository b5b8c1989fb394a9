import { add, dot, multiply, type Vector } from '../shared/linear.ts';
import type { AnyModel, ModelConfig } from '../shared/model-config.ts';
import { EXACT, type Rules } from './rules.ts';

/** What one layer computed, kept for the backward pass. Positions from 0; heads first. */
export interface LayerTrace {
  inputs: Vector[];
  keys: Vector[][];
  queries: Vector[][];
  /** α [H][T][≤ T] */
  attention: Float64Array[][];
  /** Σ_j α y_j [H][T][d] */
  means: Vector[][];
  /** Y_i, before the MLP [T][d] */
  residual: Vector[];
  /** A Y_i + b and ψ of it [T][m]; empty when there is no MLP. */
  pre: Vector[];
  hidden: Vector[];
}

/** A whole forward pass. */
export interface Trace {
  layers: LayerTrace[];
  /** y_i of the last layer [T][d] */
  final: Vector[];
  /** U y_i [T][outputs] */
  outputs: Vector[];
}

/**
 * The limit transformer at every position, float64, straight from the definitions of theory.md §1: O(T²) a layer.
 * `tokens` is not empty, each below the vocabulary.
 */
export function referenceForward(
  { config, tensors }: AnyModel,
  tokens: ArrayLike<number>,
  rules: Rules = EXACT,
): Trace {
  const { width: d, period, outputs, layers } = config;
  let y: Vector[] = Array.from({ length: tokens.length }, (_, index) => {
    const residue = (index + 1) % period;
    return Float64Array.from(
      { length: d },
      (_, k) => tensors.embed![tokens[index]! * d + k]! + tensors.position![residue * d + k]!,
    );
  });
  const traces: LayerTrace[] = [];
  for (let l = 0; l < layers; l++) {
    const trace = layerForward(config, tensors, l, y, rules);
    traces.push(trace.layer);
    y = trace.out;
  }
  return { layers: traces, final: y, outputs: y.map(row => multiply(tensors.unembed!, row, outputs)) };
}

function layerForward(
  config: ModelConfig,
  tensors: AnyModel['tensors'],
  l: number,
  inputs: Vector[],
  rules: Rules,
): { layer: LayerTrace; out: Vector[] } {
  const { heads, width: d, keyWidth, mlpWidth: m, attention, locality } = config;
  const tensor = (name: string) => tensors[`layer.${l}.${name}`]!;
  const psi = rules.activation(config).value;
  const perHead = (name: string) =>
    Array.from({ length: heads }, (_, h) =>
      inputs.map(y => multiply(tensor(name), y, keyWidth, h * keyWidth * d)),
    );
  const keys = perHead('key');
  const queries = perHead('query');
  const residual = inputs.map(y => y.slice());
  const weights: Float64Array[][] = [];
  const means: Vector[][] = [];
  for (let h = 0; h < heads; h++) {
    const phi = tensor('phi').subarray(h * (locality + 1), (h + 1) * (locality + 1));
    weights.push([]);
    means.push([]);
    for (let i = 0; i < inputs.length; i++) {
      const logits = Float64Array.from(
        { length: i + 1 },
        (_, j) => attention.scale * dot(keys[h]![j]!, queries[h]![i]!),
      );
      const row = rules.attention(config, { l, h, i }, logits, phi);
      const mean = new Float64Array(d);
      row.forEach((w, j) => {
        add(mean, inputs[j]!, w);
      });
      add(residual[i]!, multiply(tensor('value'), mean, d, h * d * d));
      weights[h]!.push(row);
      means[h]!.push(mean);
    }
  }
  const layer: LayerTrace = {
    inputs,
    keys,
    queries,
    attention: weights,
    means,
    residual,
    pre: [],
    hidden: [],
  };
  if (m === 0) return { layer, out: residual };
  const out = residual.map(Y => {
    const pre = multiply(tensor('mlp_in'), Y, m);
    add(pre, tensor('mlp_bias'));
    const hidden = pre.map(psi);
    layer.pre.push(pre);
    layer.hidden.push(hidden);
    const y = Y.slice();
    add(y, multiply(tensor('mlp_out'), hidden, d));
    return y;
  });
  return { layer, out };
}
