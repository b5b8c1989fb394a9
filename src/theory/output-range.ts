import { isDeep } from '../model/paths.ts';
import { dot, type Vector } from '../shared/linear.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { mapOf, mlpMaps, valueMap } from './norms.ts';
import { type ReachableSet, rangeOf } from './reachable.ts';
import { type Interval, relax } from './relaxation.ts';

/**
 * At least ‖f(x) − f(z)‖ for any two strings: the diagonal of a box that holds every f(x), for limit models of one or two layers without
 * norm. Layer 1's states lie in the reachable sets; layer 2's attention is some probability vector over them, and its ψ a line plus an
 * interval over the range that each neuron's input has (`relaxation.ts`).
 */
export function outputDiameter(model: AnyModel, sets: readonly ReachableSet[]): number {
  const { outputs, width } = model.config;
  const U = mapOf(model, 'unembed', outputs);
  const rows = Array.from({ length: outputs }, (_, o) => U.data.subarray(o * width, (o + 1) * width));
  const read = isDeep(model.config) ? secondRange(model, sets) : (row: Vector) => rangeOf(sets, row);
  return Math.hypot(
    ...rows.map(row => {
      const { low, high } = read(row);
      return high - low;
    }),
  );
}

/** Ranges of linear functions of layer 2's states. */
function secondRange(model: AnyModel, sets: readonly ReachableSet[]): (row: Vector) => Interval {
  const { heads, activation } = model.config;
  const values = Array.from({ length: heads }, (_, h) => valueMap(model, 1, h));
  /** Of row · (y + Σ_h V_h mean of y). */
  const before = (row: Vector): Interval => {
    const parts = [rangeOf(sets, row), ...values.map(V => rangeOf(sets, V.applyTransposed(row)))];
    return {
      low: parts.reduce((sum, { low }) => sum + low, 0),
      high: parts.reduce((sum, { high }) => sum + high, 0),
    };
  };
  const mlp = mlpMaps(model, 1);
  if (!mlp) return before;
  const { A, B } = mlp;
  const bias = model.tensors['layer.1.mlp_bias']!;
  const neurons = Array.from(bias, (b, i) => {
    const { low, high } = before(A.data.subarray(i * A.columns, (i + 1) * A.columns));
    return relax(activation, { low: low + b, high: high + b });
  });
  return row => {
    const reach = B.applyTransposed(row);
    const straight = row.slice();
    A.applyTransposed(reach.map((x, i) => x * neurons[i]!.slope)).forEach((x, k) => {
      straight[k]! += x;
    });
    const offset = dot(
      reach,
      Float64Array.from(neurons, ({ slope, middle }, i) => slope * bias[i]! + middle),
    );
    const radius = dot(
      reach.map(Math.abs),
      Float64Array.from(neurons, neuron => neuron.radius),
    );
    const { low, high } = before(straight);
    return { low: low + offset - radius, high: high + offset + radius };
  };
}
