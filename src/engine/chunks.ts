import { type Dispatch, inOrder } from './dispatch.ts';
import type { Kernels } from './kernels.ts';
import type { Memory } from './memory.ts';
import { allocateRowSet, type RowSet } from './row-set.ts';

/**
 * Positions of a chunk where there are several. A constant, and not what would fit: sums over a sequence are cut at chunks, so a
 * sequence has the same bits in whatever company it is computed.
 */
export const CHUNK = 4096;

/**
 * The rows of every position of a batch, in chunks of `width` positions that reuse the same buffers, so that memory stays bounded
 * whatever T is. How many rows there are depends on the lengths (shaders/chunk_rows.wgsl).
 */
export interface Chunks {
  width: number;
  /** One uniform `Chunk` for each, in order of position. */
  uniforms: GPUBuffer[];
  /** The rows of the chunk in hand. */
  rows: RowSet;
}

/** Allocates the chunks of a batch. `whole` asks for one chunk over all positions, as all but a query's streamed softmax need. */
export function allocateChunks(
  memory: Memory,
  replicas: number,
  sequences: number,
  longest: number,
  whole: boolean,
): Chunks {
  const padded = Math.ceil(longest / 4) * 4;
  const width = whole ? padded : Math.min(padded, CHUNK);
  const uniforms: GPUBuffer[] = [];
  for (let first = 0; first < longest; first += width) {
    const words = [sequences, width, first, width < padded ? 0 : 1, replicas];
    uniforms.push(memory.uniform('chunk', Uint32Array.from(words)));
  }
  const rows = allocateRowSet(memory, 'position', {
    replicas,
    sequences,
    rows: sequences * width,
    longest: width,
  });
  return { width, uniforms, rows };
}

/** Where the rows of a chunk lie, which positions they are and whose. */
export function chunkPass(
  kernels: Kernels,
  { rows, width }: Chunks,
  chunk: GPUBuffer,
  lengths: GPUBuffer,
): Promise<Dispatch[]> {
  const { starts: rowStarts, positions, owners, replicas, sequences } = rows;
  return inOrder([
    kernels.run('chunkRows', { chunk, lengths, rowStarts }, { threads: replicas, replicas: 1 }),
    kernels.run(
      'chunkOwners',
      { chunk, lengths, rowStarts, positions, owners },
      { threads: sequences * width },
    ),
  ]);
}
