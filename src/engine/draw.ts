import type { Pack, Positions } from '../shared/protocol.ts';
import { LAWS } from '../tasks/laws.ts';
import { taskOf } from '../tasks/registry.ts';
import type { Batch } from './batch.ts';
import { chunkPass } from './chunks.ts';
import type { Dispatch } from './dispatch.ts';
import { inOrder, type Kernels, type Specialisation } from './kernels.ts';

/** What a pack adds to a model's constants. */
export function specialisationOf({ task, law, order, loss, optimiser }: Pack): Specialisation {
  return { task: taskOf(task), law, order, loss, optimiser };
}

/** The rows of the positions that are read, where they are not fixed: every position, or a number of them, drawn. */
export function readsPass(kernels: Kernels, { chunks, lengths, shape }: Batch): Promise<Dispatch[]> {
  if (shape.reads === 'every') return chunkPass(kernels, chunks, chunks.uniforms[0]!, lengths);
  return Promise.resolve([]);
}

/** What a pack's sequences are drawn by. */
export function drawingOf(pack: Pack) {
  return pack;
}

/** Draws the tokens of a batch and computes their targets. `table` and `clock` key the random numbers. */
export async function drawPass(
  kernels: Kernels,
  batch: Batch,
  { task, law, order }: Pick<Pack, 'task' | 'law' | 'order'>,
  replicas: GPUBuffer,
  clock: GPUBuffer,
): Promise<Dispatch[]> {
  const { memory, weights } = kernels;
  const { lengths, tokens, targets } = batch;
  const { sequences } = batch.shape;
  const words = LAWS[law].scratchWords(weights.model.vocabulary, order);
  const scratch = words > 0 ? { scratch: memory.storage('law scratch', batch.replicas * sequences * words) } : {};
  void task;
  return inOrder([
    kernels.run('sample', { batch: batch.batch, replicas, clock, lengths, tokens, ...scratch }, { threads: sequences }),
    readsPass(kernels, batch),
    kernels.run('target', { batch: batch.batch, replicas, lengths, tokens, targets }, { threads: sequences }),
  ]);
}
