import type { Optimiser } from '../shared/protocol.ts';

/**
 * Factor on the learning rate at step `t` of `steps` (from 1): linear warm-up t/warmup, then 1, or a cosine from 1 at the
 * first step after warm-up towards 0 after the last.
 */
export function learningRateFactor(t: number, { warmup, schedule }: Optimiser, steps: number): number {
  if (t <= warmup) return t / warmup;
  if (schedule === 'constant') return 1;
  return 0.5 * (1 + Math.cos((Math.PI * (t - 1 - warmup)) / (steps - warmup)));
}
