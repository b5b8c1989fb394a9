import { tensorShapes } from '../model/layout.ts';
import { add, addOuter, dot, multiplyTransposed, type Vector } from '../shared/linear.ts';
import type { AnyModel, ModelConfig, Tensors } from '../shared/model-config.ts';
import type { Pack } from '../shared/protocol.ts';
import {
  headParameters,
  type LayerTrace,
  positionRow,
  referenceForward,
  type Trace,
  turned,
} from './forward.ts';
import { lossOf } from './loss.ts';
import { normBackward } from './norm.ts';
import { EXACT, type Rules } from './rules.ts';

/** A sequence, the positions that are read, from 1 and rising, and the target of each. */
export interface LabelledSequence {
  tokens: ArrayLike<number>;
  reads: readonly number[];
  targets: readonly ArrayLike<number>[];
  /** 0 where a read carries no target; all 1 unless given. */
  weights?: readonly number[];
  /** Rows of an absolute encoding's table that are left out. */
  offset?: number;
}

/** Mean loss over the reads of all sequences and its gradient for every tensor. */
export interface LossAndGradient {
  loss: number;
  gradient: Tensors<Float64Array>;
}

/** How many reads of a batch carry a target. */
export function labelsOf(batch: readonly LabelledSequence[]): number {
  const ofSequence = ({ reads, weights }: LabelledSequence) =>
    weights ? weights.reduce((a, b) => a + b, 0) : reads.length;
  return batch.reduce((sum, sequence) => sum + ofSequence(sequence), 0);
}

/** Loss averaged over all reads that carry a target, and its gradient, float64, by reverse-mode rules written out. */
export function referenceGradient(
  model: AnyModel,
  batch: readonly LabelledSequence[],
  kind: Pack['loss'] = 'mse',
): LossAndGradient {
  const gradient = zeros(model.config);
  const labels = labelsOf(batch);
  let total = 0;
  for (const sequence of batch) {
    const trace = referenceForward(model, sequence.tokens, sequence);
    const { loss, gradOutputs } = lossOfReads(kind, trace.outputs, sequence, labels);
    total += loss;
    addGradient(model, sequence, trace, gradOutputs, gradient, EXACT);
  }
  return { loss: total / labels, gradient };
}

/** Sum of the losses of a sequence's reads, and the gradient of the mean over `labels` reads at every position [T][outputs]. */
export function lossOfReads(
  kind: Pack['loss'],
  outputs: readonly Vector[],
  { reads, targets, weights }: LabelledSequence,
  labels: number,
): { loss: number; gradOutputs: Vector[] } {
  const gradOutputs = outputs.map(row => new Float64Array(row.length));
  let total = 0;
  reads.forEach((position, r) => {
    if (weights?.[r] === 0) return;
    const { loss, gradient } = lossOf(kind, outputs[position - 1]!, targets[r]!);
    total += loss;
    gradOutputs[position - 1] = gradient.map(g => g / labels);
  });
  return { loss: total, gradOutputs };
}

/** A zero gradient for every tensor. */
export function zeros(config: ModelConfig): Tensors<Float64Array> {
  return Object.fromEntries(
    tensorShapes(config).map(({ name, shape }) => [name, new Float64Array(shape.reduce((a, b) => a * b, 1))]),
  );
}

/** Adds the gradient of one sequence, given that of its read-outs at every position [T][outputs]. */
export function addGradient(
  model: AnyModel,
  { tokens, offset = 0 }: Pick<LabelledSequence, 'tokens' | 'offset'>,
  trace: Trace,
  gradOutputs: readonly Vector[],
  gradient: Tensors<Float64Array>,
  rules: Rules,
): void {
  const { config, tensors } = model;
  let grad: Vector[] = trace.final.map((y, i) => {
    const own = gradOutputs[i]!;
    addOuter(gradient.unembed!, own, trace.normedFinal[i]!);
    const normed = multiplyTransposed(tensors.unembed!, own, config.width);
    return normBackward(y, tensors.final_norm, normed, gradient.final_norm, rules);
  });
  for (let l = config.layers - 1; l >= 0; l--) {
    grad = layerBackward(model, l, trace.layers[l]!, grad, gradient, rules);
  }
  grad.forEach((row, i) => {
    addTo(gradient.embed!, tokens[i]!, row);
    if (gradient.position) addTo(gradient.position, positionRow(config, i, offset), row);
  });
}

/** Adds to row `at` of a matrix. */
function addTo(matrix: Float64Array, at: number, row: Vector): void {
  add(matrix.subarray(at * row.length, (at + 1) * row.length), row);
}

/** Adds the layer's parameter gradients, and returns the gradient of its inputs [T][d]. */
function layerBackward(
  model: AnyModel,
  l: number,
  trace: LayerTrace,
  gradOut: Vector[],
  gradient: Tensors<Float64Array>,
  rules: Rules,
): Vector[] {
  const { config, tensors } = model;
  const { heads, width: d, keyWidth, attention } = config;
  const tensor = (name: string) => tensors[`layer.${l}.${name}`]!;
  const grad = (name: string) => gradient[`layer.${l}.${name}`]!;
  const gradResidual = gradOut.map((g, i) => mlpBackward(model, l, trace, i, g, gradient, rules));
  const gradNormed = trace.normed.map(() => new Float64Array(d));
  for (let h = 0; h < heads; h++) {
    const parameters = headParameters(config, tensors, l, h);
    const gradKeys = trace.inputs.map(() => new Float64Array(keyWidth));
    const gradQueries = trace.inputs.map(() => new Float64Array(keyWidth));
    trace.inputs.forEach((_, i) => {
      const g = gradResidual[i]!;
      const weights = trace.attention[h]![i]!;
      addOuter(grad('value'), g, trace.means[h]![i]!, h * d * d);
      const gradMean = multiplyTransposed(tensor('value').subarray(h * d * d, (h + 1) * d * d), g, d);
      const row = rules.attentionBackward(
        config,
        trace.logits[h]![i]!,
        parameters,
        weights,
        weights.map((_, j) => dot(gradMean, trace.normed[j]!)),
      );
      const { length } = row.phi;
      if (length > 0) add(grad('phi').subarray(h * length, (h + 1) * length), row.phi);
      if (gradient[`layer.${l}.log_scale`]) grad('log_scale')[h]! += row.sigma;
      for (let j = 0; j <= i; j++) {
        add(gradNormed[j]!, gradMean, weights[j]!);
        add(gradKeys[j]!, trace.queries[h]![i]!, attention.scale * row.logits[j]!);
        add(gradQueries[i]!, trace.keys[h]![j]!, attention.scale * row.logits[j]!);
      }
    });
    const offset = h * keyWidth * d;
    trace.normed.forEach((u, i) => {
      for (const [name, own] of [['key', gradKeys[i]!] as const, ['query', gradQueries[i]!] as const]) {
        const back = turned(config, own, i, rules, true);
        addOuter(grad(name), back, u, offset);
        add(gradNormed[i]!, multiplyTransposed(tensor(name), back, d, offset));
      }
    });
  }
  return trace.inputs.map((y, i) => {
    const name = `layer.${l}.attention_norm`;
    const through = normBackward(y, tensors[name], gradNormed[i]!, gradient[name], rules);
    const out = gradResidual[i]!.slice();
    add(out, through);
    return out;
  });
}

/** The gradient of Y_i from that of Y_i + B ψ(A norm(Y_i) + b). */
function mlpBackward(
  { config, tensors }: AnyModel,
  l: number,
  trace: LayerTrace,
  i: number,
  g: Vector,
  gradient: Tensors<Float64Array>,
  rules: Rules,
): Vector {
  const { width: d, mlpWidth: m } = config;
  if (m === 0) return g;
  const { slope } = rules.activation(config);
  const grad = (name: string) => gradient[`layer.${l}.${name}`]!;
  addOuter(grad('mlp_out'), g, trace.hidden[i]!);
  const pre = multiplyTransposed(tensors[`layer.${l}.mlp_out`]!, g, m).map(
    (x, k) => x * slope(trace.pre[i]![k]!),
  );
  addOuter(grad('mlp_in'), pre, trace.normedResidual[i]!);
  add(grad('mlp_bias'), pre);
  const normed = multiplyTransposed(tensors[`layer.${l}.mlp_in`]!, pre, d);
  const name = `layer.${l}.mlp_norm`;
  const out = g.slice();
  add(out, normBackward(trace.residual[i]!, tensors[name], normed, gradient[name], rules));
  return out;
}
