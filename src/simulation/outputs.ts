import { ACTIVATIONS } from '../model/activation.ts';
import { type ClassTables, classTables, FirstLayer, throughMlp } from '../model/first-layer.ts';
import { isDeep } from '../model/paths.ts';
import { attentionRow } from '../reference/attention.ts';
import { add, dot, multiply, multiplyTransposed, type Vector } from '../shared/linear.ts';
import type { AnyModel } from '../shared/model-config.ts';

/** A state of layer 1: y = Y + B ψ(A Y + b). */
interface State {
  /** Y [d] */
  residual: Vector;
  /** ψ(A Y + b) [m] */
  hidden: Vector;
}

/**
 * f(x) of a limit model of one or two layers for many x: what `linearTimeForward` defines, in time that does not grow with d m a position.
 * A Y is a mixture of the classes' images, as Y is one of the classes; and what reads states is linear in ψ, so B is applied to
 * its readers.
 */
export function outputsOf(
  model: AnyModel,
  tables: ClassTables = classTables(model),
): (tokens: ArrayLike<number>) => Vector {
  return isDeep(model.config) ? ofTwoLayers(model, tables) : ofOneLayer(model, tables);
}

function ofOneLayer(model: AnyModel, tables: ClassTables) {
  const { outputs, mlpWidth: m, width: d } = model.config;
  const unembed = model.tensors.unembed!;
  const B = model.tensors['layer.0.mlp_out'] ?? [];
  const behind = Array.from({ length: outputs }, (_, o) =>
    multiplyTransposed(B, Float64Array.from(unembed.subarray(o * d, (o + 1) * d)), m),
  );
  return (tokens: ArrayLike<number>) => {
    const first = new FirstLayer(model, tables);
    for (let i = 0; i < tokens.length; i++) first.see(tokens[i]!);
    const { residual, hidden } = stateOf(model, first);
    const out = multiply(unembed, residual, outputs);
    return out.map((y, o) => y + dot(behind[o]!, hidden));
  };
}

function ofTwoLayers(model: AnyModel, tables: ClassTables) {
  const { config, tensors } = model;
  const { outputs, heads, width: d, keyWidth, mlpWidth: m, attention, locality } = config;
  const B = tensors['layer.0.mlp_out'] ?? [];
  const written = ({ residual, hidden }: State) => {
    add(residual, multiply(B, hidden, d));
    return residual;
  };
  return (tokens: ArrayLike<number>) => {
    const first = new FirstLayer(model, tables);
    const states = Array.from(tokens, token => {
      first.see(token);
      return stateOf(model, first);
    });
    const { residual, hidden } = states.at(-1)!;
    const last = written({ residual: residual.slice(), hidden });
    const Y = last.slice();
    for (let h = 0; h < heads; h++) {
      const offset = h * keyWidth * d;
      const query = multiply(tensors['layer.1.query']!, last, keyWidth, offset);
      const direction = multiplyTransposed(tensors['layer.1.key']!, query, d, offset);
      const behind = multiplyTransposed(B, direction, m);
      const logits = Float64Array.from(
        states,
        state => attention.scale * (dot(state.residual, direction) + dot(state.hidden, behind)),
      );
      const phi = tensors['layer.1.phi']!.subarray(h * (locality + 1), (h + 1) * (locality + 1));
      const weights = attentionRow(config, h, logits, { phi, sigma: 1 });
      const mean = { residual: new Float64Array(d), hidden: new Float64Array(m) };
      states.forEach((state, j) => {
        add(mean.residual, state.residual, weights[j]!);
        add(mean.hidden, state.hidden, weights[j]!);
      });
      add(Y, multiply(tensors['layer.1.value']!, written(mean), d, h * d * d));
    }
    return multiply(tensors.unembed!, throughMlp(model, 1, Y), outputs);
  };
}

function stateOf({ config, tensors }: AnyModel, first: FirstLayer): State {
  const { tables } = first;
  const [residual, hidden] = first.residuals([tables, tables.images]) as [Vector, Vector];
  if (config.mlpWidth > 0) add(hidden, tensors['layer.0.mlp_bias']!);
  const { value } = ACTIVATIONS[config.activation];
  for (let i = 0; i < hidden.length; i++) hidden[i] = value(hidden[i]!);
  return { residual, hidden };
}
