import type { CellResult } from '../results/schema.ts';
import { hasClasses } from './accuracy.ts';
import { plateauPoints } from './plateau.ts';

/** Training is no limit where the loss on sequences like those trained on is at most this share of the plateau. */
export const TRAINED = 0.1;

/**
 * Whether training, and not the length of training sequences, may be what limits a plateau: both losses are means over the seeds of a
 * setting. False where either is not known, or is exactly 0.
 */
export function isLimitedByTraining(plateau: number | null, trainLoss: number | null): boolean {
  return plateau !== null && trainLoss !== null && trainLoss > TRAINED * plateau;
}

/** Settings that are, without their seeds. None where plateaus are error rates: training has none to lay beside them. */
export function limitedByTraining(cells: readonly CellResult[]): CellResult['axes'][] {
  if (hasClasses(cells)) return [];
  return plateauPoints(cells)
    .filter(({ plateau, trainLoss }) => isLimitedByTraining(plateau.mean, trainLoss.mean))
    .map(({ axes }) => axes);
}
