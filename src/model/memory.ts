import { classCount, type ModelConfig } from '../shared/model-config.ts';
import { layoutOf } from './layout.ts';

/*
 * Device memory of training, to leading order: what `plan` prints and cuts packs by. The engine's own layout
 * (engine/arena.ts, engine/windows.ts) rounds these up to vectors.
 */

/** Floats of one replica's block: weights, gradients, two moments, and twice the class tables (two layers: sequence tables too). */
export function arenaStride(model: ModelConfig, batch: number): number {
  const { heads: H, width: D, keyWidth: DK, mlpWidth: M, outputs: O, layers } = model;
  const C = classCount(model);
  const state = M + H * C + C;
  const tables = (H + 1) * C * (D + M + O) + 2 * H * C * DK + 2 * H * C * C + O * M;
  const sequence = layers === 2 ? state * (1 + 2 * H) + D * (4 + 2 * H) + H * DK + 2 * M + O : 0;
  return 4 * layoutOf(model).stride + 2 * (tables + batch * sequence);
}

/** Floats of one training sequence outside that block: tokens and rows, in two-layer models a row for each position. */
export function sequenceFloats(model: ModelConfig, length: number): number {
  const { heads: H, mlpWidth: M, outputs: O, layers, locality } = model;
  const C = classCount(model);
  const suffix = (locality + 1) * (H + 1);
  const row = 3 * H * C + 2 * C + suffix + 2 * M + 4 * O;
  return length / 4 + (layers === 2 ? length * (row + 4 * H) : row);
}
