import type { SequenceSource } from '../shared/feed.ts';
import type { Pack } from '../shared/protocol.ts';
import type { HostTask } from '../shared/task.ts';
import { openDataSet } from './data-set.ts';
import { FileSource } from './file-source.ts';

/**
 * What makes the sequences of a task on this machine.
 * @throws InputError when this machine lacks what it takes, MachineError when that is damaged.
 */
export async function sourceOfTask({ maker }: HostTask): Promise<SequenceSource<Pack>> {
  if (maker.kind === 'file') return new FileSource(await openDataSet(maker.content));
  throw new Error(`nothing makes ${maker.kind}`);
}
