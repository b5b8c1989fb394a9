import { tensorShapes } from '../model/layout.ts';
import { add, addOuter, dot, multiplyTransposed, type Vector } from '../shared/linear.ts';
import type { AnyModel, ModelConfig, Tensors } from '../shared/model-config.ts';
import type { Pack } from '../shared/protocol.ts';
import { type LayerTrace, referenceForward, type Trace } from './forward.ts';
import { lossOf } from './loss.ts';
import { EXACT, type Rules } from './rules.ts';

/** A sequence with its target at the last position. */
export interface LabelledSequence {
  tokens: ArrayLike<number>;
  target: ArrayLike<number>;
}

/** Mean loss over sequences and its gradient for every tensor. */
export interface LossAndGradient {
  loss: number;
  gradient: Tensors<Float64Array>;
}

/** Loss at the last position, averaged over sequences, and its gradient, float64, by reverse-mode rules written out. */
export function referenceGradient(
  model: AnyModel,
  batch: readonly LabelledSequence[],
  kind: Pack['loss'] = 'mse',
): LossAndGradient {
  const gradient = zeros(model.config);
  let total = 0;
  for (const { tokens, target } of batch) {
    const trace = referenceForward(model, tokens);
    const { loss, gradient: gradOutputs } = lossOf(kind, trace.outputs.at(-1)!, target);
    total += loss;
    const scaled = gradOutputs.map(value => value / batch.length);
    addGradient(model, tokens, trace, scaled, gradient, EXACT);
  }
  return { loss: total / batch.length, gradient };
}

/** A zero gradient for every tensor. */
export function zeros(config: ModelConfig): Tensors<Float64Array> {
  return Object.fromEntries(
    tensorShapes(config).map(({ name, shape }) => [name, new Float64Array(shape.reduce((a, b) => a * b, 1))]),
  );
}

/** Adds the gradient of one sequence, given that of its last read-out [outputs]. */
export function addGradient(
  model: AnyModel,
  tokens: ArrayLike<number>,
  trace: Trace,
  gradOutputs: Vector,
  gradient: Tensors<Float64Array>,
  rules: Rules,
): void {
  const { config, tensors } = model;
  addOuter(gradient.unembed!, gradOutputs, trace.final.at(-1)!);
  let grad: Vector[] = trace.final.map(() => new Float64Array(config.width));
  grad[grad.length - 1] = multiplyTransposed(tensors.unembed!, gradOutputs, config.width);
  for (let l = config.layers - 1; l >= 0; l--) {
    grad = layerBackward(model, l, trace.layers[l]!, grad, gradient, rules);
  }
  embeddingBackward(config, tokens, grad, gradient);
}

function embeddingBackward(
  { width: d, period }: ModelConfig,
  tokens: ArrayLike<number>,
  grad: Vector[],
  gradient: Tensors<Float64Array>,
): void {
  grad.forEach((row, index) => {
    const residue = (index + 1) % period;
    add(gradient.embed!.subarray(tokens[index]! * d, (tokens[index]! + 1) * d), row);
    add(gradient.position!.subarray(residue * d, (residue + 1) * d), row);
  });
}

/** Adds the layer's parameter gradients, and returns the gradient of its inputs [T][d]. */
function layerBackward(
  { config, tensors }: AnyModel,
  l: number,
  trace: LayerTrace,
  gradOut: Vector[],
  gradient: Tensors<Float64Array>,
  rules: Rules,
): Vector[] {
  const { heads, width: d, keyWidth, mlpWidth: m, attention, locality } = config;
  const tensor = (name: string) => tensors[`layer.${l}.${name}`]!;
  const grad = (name: string) => gradient[`layer.${l}.${name}`]!;
  const { slope } = rules.activation(config);
  const gradResidual = gradOut.map((g, i) => {
    if (m === 0) return g;
    addOuter(grad('mlp_out'), g, trace.hidden[i]!);
    const pre = multiplyTransposed(tensor('mlp_out'), g, m).map((x, k) => x * slope(trace.pre[i]![k]!));
    addOuter(grad('mlp_in'), pre, trace.residual[i]!);
    add(grad('mlp_bias'), pre);
    const out = g.slice();
    add(out, multiplyTransposed(tensor('mlp_in'), pre, d));
    return out;
  });
  const gradInputs = gradResidual.map(g => g.slice());
  for (let h = 0; h < heads; h++) {
    const gradKeys = trace.inputs.map(() => new Float64Array(keyWidth));
    const gradQueries = trace.inputs.map(() => new Float64Array(keyWidth));
    for (let i = 0; i < trace.inputs.length; i++) {
      const g = gradResidual[i]!;
      const weights = trace.attention[h]![i]!;
      addOuter(grad('value'), g, trace.means[h]![i]!, h * d * d);
      const gradMean = multiplyTransposed(tensor('value').subarray(h * d * d, (h + 1) * d * d), g, d);
      const row = rules.attentionBackward(
        config,
        weights,
        weights.map((_, j) => dot(gradMean, trace.inputs[j]!)),
      );
      add(grad('phi').subarray(h * (locality + 1), (h + 1) * (locality + 1)), row.phi);
      for (let j = 0; j <= i; j++) {
        add(gradInputs[j]!, gradMean, weights[j]!);
        add(gradKeys[j]!, trace.queries[h]![i]!, attention.scale * row.logits[j]!);
        add(gradQueries[i]!, trace.keys[h]![j]!, attention.scale * row.logits[j]!);
      }
    }
    const offset = h * keyWidth * d;
    trace.inputs.forEach((y, i) => {
      addOuter(grad('key'), gradKeys[i]!, y, offset);
      addOuter(grad('query'), gradQueries[i]!, y, offset);
      add(gradInputs[i]!, multiplyTransposed(tensor('key'), gradKeys[i]!, d, offset));
      add(gradInputs[i]!, multiplyTransposed(tensor('query'), gradQueries[i]!, d, offset));
    });
  }
  return gradInputs;
}
