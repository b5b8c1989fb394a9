import { encodingOf } from '../model/encodings/registry.ts';
import { add, dot, multiply, type Vector } from '../shared/linear.ts';
import type { AnyModel, ModelConfig } from '../shared/model-config.ts';
import type { HeadParameters } from './attention.ts';
import { normForward } from './norm.ts';
import { EXACT, type Rules } from './rules.ts';

/** What one layer computed, kept for the backward pass. Positions from 0; heads first. */
export interface LayerTrace {
  /** y_i and u_i = norm(y_i) [T][d] */
  inputs: Vector[];
  normed: Vector[];
  /** Turned where the encoding turns them. */
  keys: Vector[][];
  queries: Vector[][];
  /** Content logits and α [H][T][≤ T] */
  logits: Float64Array[][];
  attention: Float64Array[][];
  /** Σ_j α u_j [H][T][d] */
  means: Vector[][];
  /** Y_i, before the MLP, and its norm [T][d] */
  residual: Vector[];
  normedResidual: Vector[];
  /** A norm(Y_i) + b and ψ of it [T][m]; empty when there is no MLP. */
  pre: Vector[];
  hidden: Vector[];
}

/** A whole forward pass. */
export interface Trace {
  layers: LayerTrace[];
  /** y_i of the last layer, and its norm [T][d] */
  final: Vector[];
  normedFinal: Vector[];
  /** U norm(y_i) [T][outputs] */
  outputs: Vector[];
}

/** The row of the position tensor that 0-based index `i` adds, `offset` rows later in the table. */
export function positionRow(config: ModelConfig, i: number, offset: number): number {
  const encoding = encodingOf(config.attention);
  return (i + 1 + offset + encoding.positionShift(config)) % encoding.positionRows(config);
}

/**
 * A transformer at every position, float64, straight from the definitions of docs/theory.md §§1 and 10: O(T²) a layer. `tokens` is not
 * empty, each below the vocabulary; `offset` rows of an absolute encoding's table are left out.
 */
export function referenceForward(
  { config, tensors }: AnyModel,
  tokens: ArrayLike<number>,
  { offset = 0, rules = EXACT }: { offset?: number; rules?: Rules } = {},
): Trace {
  const { width: d, outputs, layers } = config;
  let y: Vector[] = Array.from({ length: tokens.length }, (_, i) => {
    const row = tensors.position ? positionRow(config, i, offset) : 0;
    return Float64Array.from(
      { length: d },
      (_, k) => tensors.embed![tokens[i]! * d + k]! + (tensors.position?.[row * d + k] ?? 0),
    );
  });
  const traces: LayerTrace[] = [];
  for (let l = 0; l < layers; l++) {
    const trace = layerForward(config, tensors, l, y, rules);
    traces.push(trace.layer);
    y = trace.out;
  }
  const normedFinal = y.map(row => normForward(row, tensors.final_norm, rules));
  return {
    layers: traces,
    final: y,
    normedFinal,
    outputs: normedFinal.map(row => multiply(tensors.unembed!, row, outputs)),
  };
}

/** The rule's own parameters of head `h` of layer `l`. */
export function headParameters(
  { heads }: ModelConfig,
  tensors: AnyModel['tensors'],
  l: number,
  h: number,
): HeadParameters {
  const phi = tensors[`layer.${l}.phi`];
  const row = (phi?.length ?? 0) / heads;
  return {
    phi: phi?.subarray(h * row, (h + 1) * row) ?? [],
    sigma: tensors[`layer.${l}.log_scale`]?.[h] ?? 1,
  };
}

/** A query or key at 0-based index `i`, turned by the encoding's angles, or back. */
export function turned(config: ModelConfig, vector: Vector, i: number, rules: Rules, back = false): Vector {
  const { rotates, frequency } = encodingOf(config.attention);
  if (!rotates) return vector;
  const out = vector.slice();
  for (let a = 0; 2 * a + 1 < vector.length; a++) {
    const [cos, sin] = rules.turn(i + 1, frequency(config, a));
    const [x, y] = [vector[2 * a]!, vector[2 * a + 1]!];
    out[2 * a] = cos * x + (back ? sin : -sin) * y;
    out[2 * a + 1] = cos * y + (back ? -sin : sin) * x;
  }
  return out;
}

function layerForward(
  config: ModelConfig,
  tensors: AnyModel['tensors'],
  l: number,
  inputs: Vector[],
  rules: Rules,
): { layer: LayerTrace; out: Vector[] } {
  const { heads, width: d, keyWidth, mlpWidth: m, attention } = config;
  const tensor = (name: string) => tensors[`layer.${l}.${name}`]!;
  const psi = rules.activation(config).value;
  const normed = inputs.map(y => normForward(y, tensors[`layer.${l}.attention_norm`], rules));
  const perHead = (name: string) =>
    Array.from({ length: heads }, (_, h) =>
      normed.map((u, i) => turned(config, multiply(tensor(name), u, keyWidth, h * keyWidth * d), i, rules)),
    );
  const layer: LayerTrace = {
    inputs,
    normed,
    keys: perHead('key'),
    queries: perHead('query'),
    logits: [],
    attention: [],
    means: [],
    residual: inputs.map(y => y.slice()),
    normedResidual: [],
    pre: [],
    hidden: [],
  };
  for (let h = 0; h < heads; h++) {
    const parameters = headParameters(config, tensors, l, h);
    const [logits, rows, means]: [Float64Array[], Float64Array[], Vector[]] = [[], [], []];
    inputs.forEach((_, i) => {
      const own = Float64Array.from(
        { length: i + 1 },
        (_, j) => attention.scale * dot(layer.keys[h]![j]!, layer.queries[h]![i]!),
      );
      const row = rules.attention(config, h, own, parameters);
      const mean = new Float64Array(d);
      row.forEach((w, j) => {
        add(mean, normed[j]!, w);
      });
      add(layer.residual[i]!, multiply(tensor('value'), mean, d, h * d * d));
      logits.push(own);
      rows.push(row);
      means.push(mean);
    });
    layer.logits.push(logits);
    layer.attention.push(rows);
    layer.means.push(means);
  }
  if (m === 0) return { layer, out: layer.residual };
  layer.normedResidual = layer.residual.map(Y => normForward(Y, tensors[`layer.${l}.mlp_norm`], rules));
  const out = layer.residual.map((Y, i) => {
    const pre = multiply(tensor('mlp_in'), layer.normedResidual[i]!, m);
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
