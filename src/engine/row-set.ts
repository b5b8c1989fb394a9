import type { Memory } from './memory.ts';

/**
 * Rows of every sequence of every replica of a batch. Sequence b of replica r has rows r·rows + starts[r·(sequences + 1) + b] up to the
 * start that follows, in rising position, then up to 3 padding rows of position 0.
 */
export interface RowSet {
  replicas: number;
  sequences: number;
  /** Room a replica. */
  rows: number;
  /** Rows of one sequence at most. */
  longest: number;
  /** The uniform `Space` of shaders/common/legend.wgsl. */
  space: GPUBuffer;
  /** u32 [replicas][sequences + 1], counted from the replica's first row; the last is its number of rows. */
  starts: GPUBuffer;
  /** u32 [replicas · rows], from 1; 0 in padding and in rows that are not used. */
  positions: GPUBuffer;
  /** u32 [replicas · rows]: the sequence of each row (shaders/common/chunk.wgsl). */
  owners: GPUBuffer;
}

/** Allocates a row set; kernels fill it. */
export function allocateRowSet(
  memory: Memory,
  label: string,
  shape: Pick<RowSet, 'replicas' | 'sequences' | 'rows' | 'longest'>,
): RowSet {
  const { replicas, sequences, rows, longest } = shape;
  return {
    ...shape,
    space: memory.uniform(`${label} space`, Uint32Array.of(rows, sequences, longest, replicas)),
    starts: memory.storage(`${label} starts`, replicas * (sequences + 1)),
    positions: memory.storage(`${label} positions`, replicas * rows),
    owners: memory.storage(`${label} owners`, replicas * rows),
  };
}
