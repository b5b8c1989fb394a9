import { learningRateFactor } from '../model/schedule.ts';
import type { Optimiser } from '../shared/protocol.ts';

/** Adam's state over a flat block of parameters, float64. */
export interface AdamState {
  parameters: Float64Array;
  moment1: Float64Array;
  moment2: Float64Array;
}

/** A fresh state around copied parameters. */
export function adamState(parameters: ArrayLike<number>): AdamState {
  const size = parameters.length;
  return {
    parameters: Float64Array.from(parameters),
    moment1: new Float64Array(size),
    moment2: new Float64Array(size),
  };
}

/**
 * Step `t` (from 1) of `steps`: the twin of shaders/adam.wgsl, with bias correction, global-norm clipping and a rate multiplier for each
 * parameter. Changes `state`.
 */
export function adamStep(
  state: AdamState,
  gradient: ArrayLike<number>,
  t: number,
  {
    optimiser,
    learningRate,
    multipliers,
    steps,
  }: { optimiser: Optimiser; learningRate: number; multipliers: ArrayLike<number>; steps: number },
): void {
  const { beta1, beta2, epsilon, clip } = optimiser;
  let squares = 0;
  for (let i = 0; i < gradient.length; i++) squares += gradient[i]! ** 2;
  const norm = Math.sqrt(squares);
  const shrink = clip !== null && norm > clip ? clip / norm : 1;
  const rate = learningRate * learningRateFactor(t, optimiser, steps);
  const { parameters, moment1, moment2 } = state;
  for (let i = 0; i < parameters.length; i++) {
    const g = gradient[i]! * shrink;
    moment1[i] = beta1 * moment1[i]! + (1 - beta1) * g;
    moment2[i] = beta2 * moment2[i]! + (1 - beta2) * g * g;
    const m = moment1[i]! / (1 - beta1 ** t);
    const v = moment2[i]! / (1 - beta2 ** t);
    parameters[i]! -= (rate * multipliers[i]! * m) / (Math.sqrt(v) + epsilon);
  }
}
