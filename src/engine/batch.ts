import type { ModelConfig } from '../shared/model-config.ts';
import type { Positions } from '../shared/protocol.ts';
import { allocateChunks, type Chunks } from './chunks.ts';
import type { Memory } from './memory.ts';
import { allocateRowSet, type RowSet } from './row-set.ts';

/** How a batch of sequences is drawn and read: the uniform `Batch` of shaders/common/legend.wgsl. */
export interface BatchShape {
  /** Sequences a replica. */
  sequences: number;
  /** Longest sequence of the batch, which decides the space for tokens. */
  longest: number;
  firstSequence?: number;
  /** Sequence length; 0 takes each replica's own training length. */
  length?: number;
  uniformLength?: boolean;
  /** Fixed lengths cycle through length … length + spread − 1. */
  spread?: number;
  /** Positions of which f is wanted. */
  reads: Positions;
  /** All positions in one chunk: what a backward pass and dense layers need. */
  whole: boolean;
}

/** The buffers of a batch of `replicas · sequences` sequences. */
export interface Batch {
  shape: BatchShape;
  replicas: number;
  /** Uniform. */
  batch: GPUBuffer;
  /** u32 [replicas · sequences] */
  lengths: GPUBuffer;
  tokens: GPUBuffer;
  /** Rows by which each sequence starts later in an absolute encoding's table, u32 [replicas · sequences]. */
  offsets: GPUBuffer;
  /** Every position, in chunks. */
  chunks: Chunks;
  /** The positions that are read. */
  reads: RowSet;
  /** f*(prefix) [reads, outputs], whether a read carries a target (1) or not (0) [reads], how many do [replicas]. */
  targets: GPUBuffer;
  weights: GPUBuffer;
  labels: GPUBuffer;
  /** f(prefix) [reads, outputs], loss [reads], gradient of the mean loss [reads, outputs]. */
  outputs: GPUBuffer;
  losses: GPUBuffer;
  gradOutputs: GPUBuffer;
}

/** 32-bit words that hold `length` tokens. */
export function tokenWords(length: number): number {
  return Math.ceil(length / 4);
}

/** Reads a sequence at most. */
export function readsOf({ reads, longest }: Pick<BatchShape, 'reads' | 'longest'>): number {
  if (reads === 'last') return 1;
  return reads === 'every' ? Math.ceil(longest / 4) * 4 : Math.min(reads, longest);
}

/** Bytes a sequence of a batch takes, what the layers keep of it left out. */
export function batchBytes({ outputs }: ModelConfig, shape: Pick<BatchShape, 'reads' | 'longest'>): number {
  return (
    4 *
    (tokenWords(shape.longest) + 2 + readsOf(shape) * (3 * outputs + 4) + 2 * Math.min(shape.longest, 4096))
  );
}

/** The uniform's words for a batch. */
export function batchUniform(shape: BatchShape): Uint32Array<ArrayBuffer> {
  return Uint32Array.of(
    shape.sequences,
    tokenWords(shape.longest),
    shape.firstSequence ?? 0,
    shape.length ?? 0,
    shape.uniformLength ? 1 : 0,
    shape.spread ?? 1,
  );
}

/** Allocates the buffers of a batch. Every read counts until a task or a request says otherwise. */
export function allocateBatch(
  memory: Memory,
  model: ModelConfig,
  replicas: number,
  shape: BatchShape,
): Batch {
  const { sequences, longest } = shape;
  const perSequence = (label: string, words: number) => memory.storage(label, replicas * sequences * words);
  const lengths = perSequence('lengths', 1);
  const chunks = allocateChunks(memory, replicas, sequences, longest, shape.whole);
  const reads = allocateReads(memory, replicas, shape, lengths, chunks);
  const perRead = (label: string, words: number) => memory.storage(label, replicas * reads.rows * words);
  const labels = new Float32Array(replicas).fill(sequences);
  return {
    shape,
    replicas,
    batch: memory.uniform('batch', batchUniform(shape)),
    lengths,
    tokens: perSequence('tokens', tokenWords(longest)),
    offsets: perSequence('offsets', 1),
    chunks,
    reads,
    targets: perRead('targets', model.outputs),
    weights: memory.upload('weights', new Float32Array(replicas * reads.rows).fill(1)),
    labels: memory.upload('labels', labels),
    outputs: perRead('outputs', model.outputs),
    losses: perRead('losses', 1),
    gradOutputs: perRead('output gradients', model.outputs),
  };
}

/** The rows that are read: a row a sequence for the last position, the position rows for every one, else rows of their own. */
function allocateReads(
  memory: Memory,
  replicas: number,
  shape: BatchShape,
  lengths: GPUBuffer,
  chunks: Chunks,
): RowSet {
  const { sequences, reads } = shape;
  if (reads === 'every') {
    if (!shape.whole) throw new Error('reading every position needs one chunk over all of them');
    return chunks.rows;
  }
  const longest = readsOf(shape);
  const set = allocateRowSet(memory, 'read', { replicas, sequences, rows: sequences * longest, longest });
  if (reads !== 'last') return set;
  const { queue } = memory.device.gpu;
  const starts = Uint32Array.from({ length: replicas * (sequences + 1) }, (_, i) => i % (sequences + 1));
  const owners = Uint32Array.from({ length: replicas * sequences }, (_, i) => i % sequences);
  queue.writeBuffer(set.starts, 0, starts);
  queue.writeBuffer(set.owners, 0, owners);
  return { ...set, positions: lengths };
}
