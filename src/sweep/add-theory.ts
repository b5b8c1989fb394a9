import { join } from 'node:path';
import { readRun, runFolders } from '../results/runs.ts';
import { Store } from '../results/store.ts';
import { InputError } from '../shared/errors.ts';
import { recordedCells } from './recorded-cells.ts';
import { type TheoryEvents, TheoryStage } from './theory-stage.ts';
import type { TheoryThreads } from './theory-threads.ts';

/** What was made up for in a run. */
export interface AddedTheory {
  folder: string;
  /** Cells that have their theory now and had none. */
  added: number;
  /** Cells that have none, still. */
  missing: number;
}

/**
 * Computes the theory of every trained cell that has none, failed ones too, in all runs below a folder.
 * @throws InputError when there is no run, or one is damaged or in use, MachineError when the disk refuses.
 */
export async function addTheory(
  folder: string,
  threads: TheoryThreads,
  events: TheoryEvents,
): Promise<AddedTheory[]> {
  const folders = await runFolders(folder);
  if (folders.length === 0)
    throw new InputError(
      `${folder}: no run in it (no manifest.json)`,
      'Give a folder that `lengthwise run` has written, or one that holds several.',
    );
  try {
    const added: AddedTheory[] = [];
    for (const run of folders) added.push(await addToRun(run, threads, events));
    return added;
  } finally {
    await threads.close();
  }
}

async function addToRun(folder: string, threads: TheoryThreads, events: TheoryEvents): Promise<AddedTheory> {
  const { manifest } = await readRun(folder);
  const store = await Store.open(folder, { fresh: false, onTorn: events.say });
  try {
    const cells = recordedCells(manifest, join(folder, 'manifest.json'));
    const known = new Set(cells.map(({ hash }) => hash));
    const waiting = store.waiting.filter(({ cell }) => known.has(cell));
    const strange = store.waiting.length - waiting.length;
    if (strange > 0) events.say(`${folder}: ${strange} cells are not of its grid and are left alone`);
    const { epsilon } = manifest.experiment;
    const stage = new TheoryStage({ store, folder, cells, epsilons: epsilon }, threads, events);
    for (const { cell } of waiting) stage.add(cell);
    await stage.drain();
    const missing = store.waiting.length;
    return { folder, added: waiting.length + strange - missing, missing };
  } finally {
    await store.close();
  }
}
