import { encodingOf } from '../model/encodings/registry.ts';
import type { Pack, Positions } from '../shared/protocol.ts';
import { ASIDE } from '../shared/random.ts';
import type { DeviceTask } from '../shared/task.ts';
import type { Batch } from './batch.ts';
import { chunkPass } from './chunks.ts';
import { type Dispatch, inOrder } from './dispatch.ts';
import type { Kernels, Specialisation } from './kernels.ts';

/** How sequences are drawn. */
export interface Drawing {
  task: DeviceTask;
  /** Whether sequences start at random rows of an absolute encoding's table, and how many rows that has. */
  offsets: number | null;
}

/** Rows of an absolute encoding's table in which a pack's training sequences start at random; null: at the first. */
export function offsetsOf({ positionOffset, model }: Pack): number | null {
  return positionOffset === 'random' ? encodingOf(model.attention).longest(model) : null;
}

/** What a pack adds to a model's constants. */
export function specialisationOf({ task, loss, optimiser }: Pack): Specialisation {
  return { loss, optimiser, ...(task.source === 'device' ? { task } : {}) };
}

/** Whether there are rows of reads besides one for each whole sequence. */
const hasManyReads = (reads: Positions) => reads !== 'last';

/** The rows of every position, where these are read. */
export function everyPosition(kernels: Kernels, { chunks, lengths, shape }: Batch): Promise<Dispatch[]> {
  return shape.reads === 'every'
    ? chunkPass(kernels, chunks, chunks.uniforms[0]!, lengths)
    : Promise.resolve([]);
}

/** The rows of the positions that are read: every one, or a number of them, drawn; those of the last are fixed. */
function readsPass(
  kernels: Kernels,
  batch: Batch,
  replicas: GPUBuffer,
  clock: GPUBuffer,
): Promise<Dispatch[]> {
  const { lengths, shape, reads } = batch;
  if (typeof shape.reads !== 'number') return everyPosition(kernels, batch);
  const { space, starts, positions, owners } = reads;
  return inOrder([
    kernels.run(
      'readStarts',
      { space, lengths, starts },
      { threads: batch.replicas, replicas: 1 },
      { READS: shape.reads },
    ),
    kernels.run(
      'drawReads',
      { batch: batch.batch, space, replicas, clock, lengths, starts, positions, owners },
      { threads: shape.sequences },
      { READS_KEY: ASIDE.reads },
    ),
  ]);
}

/** Where in an absolute encoding's table of `rows` rows each sequence starts; null: at the first. */
export function offsetsPass(
  kernels: Kernels,
  { batch, lengths, offsets, shape }: Batch,
  rows: number | null,
  replicas: GPUBuffer,
  clock: GPUBuffer,
): Promise<Dispatch[]> {
  if (rows === null) return Promise.resolve([]);
  return inOrder([
    kernels.run(
      'drawOffsets',
      { batch, replicas, clock, lengths, offsets },
      { threads: shape.sequences },
      { OFFSETS: rows, OFFSET_KEY: ASIDE.offset },
    ),
  ]);
}

/** Draws the tokens of a batch, which positions are read, and their targets. `replicas` and `clock` key the random numbers. */
export function drawPass(
  kernels: Kernels,
  batch: Batch,
  { task, offsets }: Drawing,
  replicas: GPUBuffer,
  clock: GPUBuffer,
): Promise<Dispatch[]> {
  const { memory } = kernels;
  const { lengths, tokens, targets, weights, labels, reads, shape } = batch;
  const threads = shape.sequences;
  const { space, starts, positions } = reads;
  const many = hasManyReads(shape.reads);
  const scratch = (label: string, words: number) =>
    words > 0 ? { scratch: memory.storage(label, batch.replicas * threads * words) } : {};
  const ofLaw = scratch('law scratch', task.law.scratchWords);
  const ofTask = many ? { weights, starts, positions, ...scratch('task scratch', task.scratchWords) } : {};
  return inOrder([
    kernels.run(
      'sample',
      { batch: batch.batch, replicas, clock, lengths, tokens, ...ofLaw },
      { threads },
      { SHORTEST: task.law.shortest },
    ),
    offsetsPass(kernels, batch, offsets, replicas, clock),
    readsPass(kernels, batch, replicas, clock),
    kernels.run(
      'target',
      { space, batch: batch.batch, replicas, lengths, tokens, targets, ...ofTask },
      { threads },
      { MANY_READS: many },
    ),
    ...(many
      ? [kernels.run('labelCount', { space, weights, labels }, { groups: batch.replicas, replicas: 1 })]
      : []),
  ]);
}
