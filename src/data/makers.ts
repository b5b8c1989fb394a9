import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SequenceSource } from '../shared/feed.ts';
import type { Pack } from '../shared/protocol.ts';
import type { FedTask } from '../shared/task.ts';
import { plugInOf } from '../tasks/plug-in/loaded.ts';
import { openDataSet } from './data-set.ts';
import { FileSource } from './file-source.ts';
import { ThreadSource } from './thread-source.ts';

/** The thread of `draw-worker.ts`, in the build: every program lies in a folder beside that of `cli`. */
const DRAW_WORKER = join(dirname(fileURLToPath(import.meta.url)), '..', 'cli', 'draw-worker.js');

/**
 * What makes the sequences of a task on this machine.
 * @throws InputError when this machine lacks what it takes, MachineError when that is damaged.
 */
export async function sourceOfTask(task: FedTask): Promise<SequenceSource<Pack>> {
  if (task.source === 'threads') return new ThreadSource(plugInOf(task.name, task.plugIn).code, DRAW_WORKER);
  const { maker } = task;
  if (maker.kind === 'file') return new FileSource(await openDataSet(maker.content));
  throw new Error(`nothing makes ${maker.kind}`);
}
