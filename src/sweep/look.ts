import { dirname, join } from 'node:path';
import type { Experiment } from '../config/experiment.ts';
import { cellsOf } from '../plan/cells.ts';
import { ENGINE_HASH } from '../plan/engine-hash.ts';
import { type Plan, planCells, runHash } from '../plan/plan.ts';
import { runsOf } from '../results/beside.ts';
import { readCells } from '../results/store.ts';

/**
 * What a run would find missing: as `openRun`, but without a lock, and nothing is written.
 * @throws InputError when a cell is impossible, or a file of results is damaged.
 */
export async function lookAt(
  experiment: Experiment,
  out: string,
): Promise<Plan & { run: string; folder: string }> {
  const cells = cellsOf(experiment);
  const run = runHash(cells);
  const folder = join(out, experiment.name, run);
  const done = new Set<string>();
  for (const beside of await runsOf(dirname(folder)))
    if (beside.engine === ENGINE_HASH)
      for (const { cell } of (await readCells(beside.folder)).cells) done.add(cell);
  return { ...planCells(cells, hash => done.has(hash)), run, folder };
}
