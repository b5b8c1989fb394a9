import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Experiment } from '../config/experiment.ts';
import { cellsOf } from '../plan/cells.ts';
import { type Plan, planCells, runHash } from '../plan/plan.ts';
import { Checkpoints } from '../results/checkpoints.ts';
import type { CellResult } from '../results/schema.ts';
import { Store } from '../results/store.ts';

/** Where a run's results go. */
export interface Place {
  /** Holds `<experiment>/<run>/`. */
  out: string;
  /** Deletes what an earlier run of this grid left. */
  fresh: boolean;
}

/** A run whose folder is open and locked, with what is missing in it. */
export interface OpenRun {
  experiment: Experiment;
  folder: string;
  store: Store;
  /** Of cells under way. */
  checkpoints: Checkpoints;
  plan: Plan;
  /** Lets go of the folder. Unless anything was begun, what opening made is taken away. */
  close(begun: boolean): Promise<void>;
}

/**
 * Opens a run's folder and plans what is missing, in that order: whoever finished cells before has let go of the folder,
 * so no cell that is finished is trained again.
 * @throws InputError when a cell is impossible, or the folder cannot be written, is in use, or is damaged.
 */
export async function openRun(
  experiment: Experiment,
  { out, fresh }: Place,
  onTorn: (line: string) => void,
): Promise<OpenRun> {
  const cells = cellsOf(experiment);
  const folder = join(out, experiment.name, runHash(cells));
  const made = firstMissing(folder);
  const store = await Store.open(folder, { fresh, onTorn });
  const done = new Set(store.cells.map(line => line.cell));
  const isFinished = (hash: string) => done.has(hash);
  const checkpoints = await Checkpoints.open(folder, isFinished, onTorn).catch(async error => {
    await store.close();
    throw error;
  });
  return {
    experiment,
    folder,
    store,
    checkpoints,
    plan: planCells(cells, isFinished, { stepOf: checkpoints.stepOf }),
    async close(begun) {
      await checkpoints.close();
      await store.close();
      if (!begun && made !== undefined) await rm(made, { recursive: true, force: true });
    },
  };
}

/** Finished cells of a run's plan, in plan order; its folder may hold others. */
export function linesOf({ plan, store }: Pick<OpenRun, 'plan' | 'store'>): CellResult[] {
  const byHash = new Map(store.cells.map(line => [line.cell, line]));
  return plan.cells.flatMap(({ hash }) => byHash.get(hash) ?? []);
}

/** The topmost folder of a path that is not there. */
function firstMissing(path: string): string | undefined {
  if (existsSync(path)) return undefined;
  const parent = dirname(path);
  return parent === path ? undefined : (firstMissing(parent) ?? path);
}
