import type { Dispatch } from './dispatch.ts';
import type { Kernels } from './kernels.ts';
import type { RowSet } from './row-set.ts';
import type { View } from './view.ts';

/** Columns of a row buffer: floats from `first`, rows `stride` floats apart. */
export interface Columns {
  buffer: GPUBuffer;
  first: number;
  columns: number;
  stride: number;
}

/** Every column of a row buffer. */
export function allColumns(buffer: GPUBuffer, columns: number): Columns {
  return { buffer, first: 0, columns, stride: columns };
}

/** Rows that one thread adds before the blocks are added, as in shaders/common/outer.wgsl. */
const BLOCK_ROWS = 256;

/** Most fours of columns of the left side that one thread of outer_rows.wgsl takes. */
const MOST_FOURS = 4;

/** Which rows of a replica are summed together. */
export interface Segments {
  /** Rows a replica at most, and a segment at most. */
  rows: number;
  longest: number;
  segments: number;
  /** Where segments start: of replica r, segment g at r · replicaStarts + g · segmentStarts, its end one segmentStarts later. */
  starts: GPUBuffer;
  replicaStarts: number;
  segmentStarts: number;
}

/** The rows of each sequence. */
export function bySequence({ rows, longest, sequences, starts }: RowSet): Segments {
  return { rows, longest, segments: sequences, starts, replicaStarts: sequences + 1, segmentStarts: 1 };
}

/** All rows of a replica. */
export function byReplica({ rows, sequences, starts }: RowSet): Segments {
  return { rows, longest: rows, segments: 1, starts, replicaStarts: sequences + 1, segmentStarts: sequences };
}

/** The uniform `Outer` of shaders/common/outer.wgsl. */
function outerShape(
  { memory }: Kernels,
  left: Omit<Columns, 'buffer'>,
  right: Omit<Columns, 'buffer'>,
  out: View,
  { rows, longest, segments, replicaStarts, segmentStarts }: Segments,
  accumulate: boolean,
): GPUBuffer {
  return memory.uniform(
    'outer product',
    Uint32Array.of(
      rows,
      segments,
      blocksOf(longest),
      replicaStarts,
      segmentStarts,
      accumulate ? 1 : 0,
      left.columns,
      left.stride,
      left.first,
      right.columns / 4,
      right.stride / 4,
      right.first / 4,
      out.offset,
      out.strides.at(-2)! / 4,
      segments > 1 ? out.strides[0]! / 4 : 0,
    ),
  );
}

/** Blocks of rows of a segment that are summed apart. */
const blocksOf = (longest: number) => Math.ceil(longest / BLOCK_ROWS);

/** Room for the sums of every block of a segment, and what adds them (shaders/sum_partials.wgsl). */
function partialSums(
  kernels: Kernels,
  shape: GPUBuffer,
  floats: number,
  { longest, segments, starts }: Segments,
): { partials: GPUBuffer; blocks: number; add: Promise<Dispatch> } {
  const { memory, weights } = kernels;
  const blocks = blocksOf(longest);
  const partials = memory.storage('partial sums', weights.replicas * blocks * segments * floats);
  const buffers = { shape, starts, partials, arena: weights.buffer };
  return { partials, blocks, add: kernels.run('sumPartials', buffers, { threads: (segments * floats) / 4 }) };
}

/**
 * Room for sums over blocks of a replica's rows, [replicas, blocks, …out], and what adds them into `out`: rows with the padding behind
 * them.
 */
export function blockSums(kernels: Kernels, out: View, segments: Segments): ReturnType<typeof partialSums> {
  const rows = out.sizes[0]!;
  const columns = out.strides[0]!;
  const all = (count: number) => ({ first: 0, columns: count, stride: count });
  const shape = outerShape(kernels, all(rows), all(columns), out, segments, false);
  return partialSums(kernels, shape, rows * columns, segments);
}

/**
 * `out[segment] = Σ_rows left ⊗ right` inside every replica (shaders/outer_rows.wgsl): `+=` when accumulating, of ψ(left) where
 * `activate`. `right.columns`, its stride and first column are multiples of 4; `out` is [left.columns, …] or, with several
 * segments, [segments, left.columns, …].
 */
export async function segmentedOuter(
  kernels: Kernels,
  left: Columns,
  right: Columns,
  out: View,
  segments: Segments,
  { accumulate = false, activate = false } = {},
): Promise<Dispatch[]> {
  const blocks = blocksOf(segments.longest);
  const right4 = right.columns / 4;
  const fours = Math.ceil(left.columns / 4);
  const tilesOfLeft = Math.ceil(fours / MOST_FOURS);
  const constants = {
    FOURS: Math.ceil(fours / tilesOfLeft),
    ALIGNED: right4 % 4 === 0,
    DIRECT: blocks === 1,
    ACTIVATE: activate,
  };
  const shape = outerShape(kernels, left, right, out, segments, accumulate);
  const outer = (sums: GPUBuffer) =>
    kernels.run(
      'outerRows',
      { shape, starts: segments.starts, left: left.buffer, right: right.buffer, sums },
      { threads: tilesOfLeft * right4 * blocks * segments.segments },
      constants,
    );
  if (blocks === 1) return [await outer(kernels.weights.buffer)];
  const { partials, add } = partialSums(kernels, shape, left.columns * right.columns, segments);
  return Promise.all([outer(partials), add]);
}
