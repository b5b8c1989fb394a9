import type { Yardstick } from '../../src/analysis/baseline.ts';
import { type Setting, settingsLearned } from '../../src/analysis/learned.ts';
import type { CellLine } from '../../src/results/schema.ts';
import { cellLine } from './cells.ts';
import { normals } from './noise.ts';

/** A point of a made-up grid; test lengths are 16 · 2^octave. */
export interface GridPoint {
  N: number;
  omega: number;
  seed: number;
  octave: number;
}

/** A grid to make up. */
export interface Grid {
  loss: (at: GridPoint) => number;
  omegas?: number[];
  lengths?: number[];
  seeds?: number;
  octaves?: number;
  /** Spread of a cell's log loss, and of its slope an octave. */
  noise?: number;
  slopeNoise?: number;
  trainLoss?: (at: Omit<GridPoint, 'octave'>) => number;
  /** Of the noise. */
  key?: number;
}

/** Cells whose losses are given, times noise of each cell. */
export function gridCells({
  loss,
  omegas = [1, 2, 4],
  lengths = [4, 8, 16],
  seeds = 3,
  octaves = 7,
  noise = 0.1,
  slopeNoise = 0.01,
  trainLoss = () => 1e-6,
  key = 1,
}: Grid): CellLine[] {
  const normal = normals(key);
  return omegas.flatMap(omega =>
    lengths.flatMap(N =>
      Array.from({ length: seeds }, (_, seed) => {
        const [level, slope] = [noise * normal(), slopeNoise * normal()];
        const losses = Array.from(
          { length: octaves },
          (_, octave) => loss({ N, omega, seed, octave }) * Math.exp(level) * 2 ** (slope * octave),
        );
        const line = cellLine({ 'task.omega': omega, 'train.length': N, seed }, losses);
        return { ...line, trainLoss: trainLoss({ N, omega, seed }) };
      }),
    ),
  );
}

/** What is learned, where predicting the mean costs 1 unless said otherwise. */
export function settingsOf(
  cells: readonly CellLine[],
  yardstick: Yardstick = { plateau: () => 1, training: () => 1 },
): Setting[] {
  return settingsLearned(cells, yardstick);
}
