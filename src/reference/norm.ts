import { dot, type Vector } from '../shared/linear.ts';
import type { Rules } from './rules.ts';

/** Added to the mean square (docs/theory.md §10). */
const EPSILON = 1e-6;

const inverse = (y: Vector, rules: Rules) => rules.inverseRoot(dot(y, y) / y.length + EPSILON);

/** g ⊙ y / √(mean y² + 10⁻⁶); y itself without a gain. */
export function normForward(y: Vector, gain: ArrayLike<number> | undefined, rules: Rules): Vector {
  if (!gain) return y;
  const r = inverse(y, rules);
  return y.map((value, k) => gain[k]! * value * r);
}

/** The gradient of y from that of its norm; adds the gain's to `gradGain`. */
export function normBackward(
  y: Vector,
  gain: ArrayLike<number> | undefined,
  gradOutput: Vector,
  gradGain: Float64Array | undefined,
  rules: Rules,
): Vector {
  if (!gain || !gradGain) return gradOutput;
  const r = inverse(y, rules);
  const z = y.map(value => value * r);
  const h = gradOutput.map((g, k) => g * gain[k]!);
  const along = dot(h, z) / y.length;
  gradOutput.forEach((g, k) => {
    gradGain[k]! += g * z[k]!;
  });
  return h.map((g, k) => r * (g - z[k]! * along));
}
