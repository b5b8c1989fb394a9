import type { Experiment } from '../config/experiment.ts';
import { digestOf } from '../config/hash.ts';
import { type Cell, cellsOf } from './cells.ts';
import { type Cut, type PlannedPack, packsOf } from './packs.ts';

/** What `run` would do. */
export interface Plan {
  cells: Cell[];
  /** Hashes of cells that are finished already. */
  finished: string[];
  packs: PlannedPack[];
}

/**
 * The run that an experiment names, which names its folder: 8 hexadecimal digits, a hash of its cells, so that neither its text nor ε
 * matters.
 */
export function runHash(cells: readonly Cell[]): string {
  return hashOfAll(cells.map(({ hash }) => hash));
}

/** The grid that an experiment names, whatever engine trains it. */
export function gridHash(cells: readonly Cell[]): string {
  return hashOfAll(cells.map(({ configHash }) => configHash));
}

/** Of hexadecimal digits JSON is canonical. */
function hashOfAll(hashes: string[]): string {
  return digestOf(JSON.stringify(hashes.sort()), 8);
}

/**
 * Cells of an experiment, less those that are finished, grouped into packs.
 * @throws InputError when a cell is impossible.
 */
export function planExperiment(experiment: Experiment, isFinished?: (hash: string) => boolean): Plan {
  return planCells(cellsOf(experiment), isFinished);
}

/** As `planExperiment`, of cells. */
export function planCells(
  cells: Cell[],
  isFinished: (hash: string) => boolean = () => false,
  cut: Cut = {},
): Plan {
  const open: Cell[] = [];
  const finished: string[] = [];
  for (const cell of cells) {
    if (isFinished(cell.hash)) finished.push(cell.hash);
    else open.push(cell);
  }
  return { cells, finished, packs: packsOf(open, cut) };
}
