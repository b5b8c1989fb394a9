import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Experiment } from '../config/experiment.ts';
import { cellsOf } from '../plan/cells.ts';
import { ENGINE_HASH } from '../plan/engine-hash.ts';
import { gridHash, type Plan, planCells, runHash } from '../plan/plan.ts';
import { type Shard, shardOf } from '../plan/shard.ts';
import { type RunName, runsOf } from '../results/beside.ts';
import { Checkpoints } from '../results/checkpoints.ts';
import type { CellResult } from '../results/schema.ts';
import { deleteRun, Store } from '../results/store.ts';
import { takeOver } from '../results/take-over.ts';
import { onStop } from '../runtime/stopping.ts';
import { isSoftware } from '../shared/adapter.ts';
import { InputError } from '../shared/errors.ts';
import type { AdapterPreference } from '../shared/protocol.ts';

/** Where a run's results go, and which part of the grid is run. */
export interface Place {
  /** Holds `<experiment>/<run>/`. */
  out: string;
  /** Deletes what an earlier run of this grid left. */
  fresh: boolean;
  /** Cells of other runs are taken over where an adapter of this kind trained them. */
  adapter: AdapterPreference;
  shard?: Shard | undefined;
}

/** A run whose folder is open and locked, with what is missing in it. */
export interface OpenRun {
  experiment: Experiment;
  /** Names the folder. */
  run: string;
  folder: string;
  /** Names the whole grid, whatever engine trains it. */
  grid: string;
  shard: Shard | undefined;
  store: Store;
  /** Of cells under way. */
  checkpoints: Checkpoints;
  plan: Plan;
  /** Cells that were taken over from other runs just now. */
  took: number;
  /** Lets go of the folder. Unless anything was begun, what opening made is taken away. */
  close(begun: boolean): Promise<void>;
}

/**
 * Opens a run's folder and plans what is missing, in that order: whoever finished cells before has let go of the folder,
 * so no cell that is finished is trained again. Cells that another run of the experiment finished are taken over first.
 * @throws InputError when a cell is impossible, when another engine began this grid, or when the folder cannot be written, is in use, or is
 *   damaged.
 */
export async function openRun(
  experiment: Experiment,
  { out, fresh, adapter, shard }: Place,
  say: (line: string) => void,
): Promise<OpenRun> {
  const all = cellsOf(experiment);
  const cells = shard ? shardOf(all, shard) : all;
  const grid = gridHash(all);
  const run = shard ? `${runHash(all)}-${shard.index}of${shard.count}` : runHash(all);
  const folder = join(out, experiment.name, run);
  const beside = await runsOf(dirname(folder));
  for (const other of beside.filter(each => each.grid === grid && each.engine !== ENGINE_HASH)) {
    if (!fresh) throw otherEngine(other);
    await deleteRun(other.folder);
  }
  const made = firstMissing(folder);
  const store = await Store.open(folder, { fresh, onTorn: say });
  const isFinished = (hash: string) => store.has(hash);
  let checkpoints: Checkpoints | undefined;
  let took = 0;
  const takeBack = onStop('release', async () => {
    const done = cells.filter(({ hash }) => store.has(hash)).length;
    await store.close();
    return `${done} of ${cells.length} cells are finished; the same command goes on from here.`;
  });
  const close = async (begun: boolean) => {
    takeBack();
    await checkpoints?.close();
    await store.close();
    if (!begun && took === 0 && made !== undefined) await rm(made, { recursive: true, force: true });
  };
  try {
    const others = beside.filter(other => other.folder !== folder && other.engine === ENGINE_HASH);
    took = fresh ? 0 : await takeOver(store, cells, others, kindOf(adapter, store));
    if (took > 0) say(`${took} cells are taken over from other runs in ${dirname(folder)}`);
    checkpoints = await Checkpoints.open(folder, isFinished, say);
    const plan = planCells(cells, isFinished, { stepOf: checkpoints.stepOf });
    return { experiment, run, folder, grid, shard, store, checkpoints, plan, took, close };
  } catch (error) {
    await close(false);
    throw error;
  }
}

function otherEngine({ folder, engine }: RunName): InputError {
  const before = engine === null ? 'an engine that was not named' : `engine ${engine}`;
  return new InputError(
    `${folder}: this grid was begun with ${before}, and this build has engine ${ENGINE_HASH}: their numbers may differ`,
    '--fresh deletes that run and starts over, --out with another folder keeps it.',
  );
}

/** Cells are taken over from adapters of one kind: of the run's own cells, else of the first that fits what is asked for. */
function kindOf(adapter: AdapterPreference, store: Store): (cell: CellResult) => boolean {
  let kind = store.cells[0]?.adapter;
  return cell => {
    if (kind === undefined && (adapter === 'auto' || isSoftware(cell.adapter) === (adapter === 'software')))
      kind = cell.adapter;
    return cell.adapter === kind;
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
