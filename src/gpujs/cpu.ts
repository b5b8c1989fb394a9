import { GPU } from 'gpu.js';
import type { Model } from '../shared/model-config.ts';
import { type GpujsOutputs, gpujsForward } from './forward.ts';

/** `gpujsForward` on gpu.js's CPU backend, in this process: needs no browser. */
export function gpujsOnCpu(
  model: Model,
  sequences: readonly ArrayLike<number>[],
  allPositions: boolean,
): Promise<GpujsOutputs> {
  return gpujsForward(new GPU({ mode: 'cpu' }), model, sequences, allPositions);
}
