import type { Pack } from '../shared/protocol.ts';

/**
 * Loss of one sequence and its gradient with respect to the outputs (docs/theory.md §3): squared error summed over outputs, or
 * cross-entropy of softmax(outputs) against a target distribution.
 */
export function lossOf(
  kind: Pack['loss'],
  outputs: ArrayLike<number>,
  target: ArrayLike<number>,
): { loss: number; gradient: Float64Array } {
  const f = Float64Array.from(outputs);
  if (kind === 'mse') {
    const gradient = f.map((value, o) => 2 * (value - target[o]!));
    return { loss: gradient.reduce((sum, g) => sum + (g / 2) ** 2, 0), gradient };
  }
  const highest = f.reduce((a, b) => Math.max(a, b), -Infinity);
  const logTotal = Math.log(f.reduce((sum, value) => sum + Math.exp(value - highest), 0));
  const logs = f.map(value => value - highest - logTotal);
  const mass = f.reduce((sum, _, o) => sum + target[o]!, 0);
  return {
    loss: logs.reduce((sum, log, o) => sum - target[o]! * log, 0),
    gradient: logs.map((log, o) => mass * Math.exp(log) - target[o]!),
  };
}
