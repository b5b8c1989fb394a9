import { type Dispatch, dispatch } from './dispatch.ts';
import type { Memory } from './memory.ts';
import type { Programs } from './programs.ts';
import type { View } from './view.ts';
import type { Weights } from './weights.ts';

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

export const REDUCTION_KERNELS = ['reduceRows', 'sumPartials'] as const;

/** Rows that one thread adds before the blocks are added. */
const BLOCK_ROWS = 256;

export interface ReductionOptions {
  /** Rows of a group, and groups of a replica. */
  rows: number;
  groups?: number;
  accumulate?: boolean;
}

/**
 * `out[group] = Σ_rows left ⊗ right` inside every replica (shaders/reduce_rows.wgsl). `right.columns`, its stride and
 * first column are multiples of 4; `out` is [left.columns, …] or, with groups, [groups, left.columns, …].
 */
export function reduction(
  memory: Memory,
  programs: Programs<(typeof REDUCTION_KERNELS)[number]>,
  weights: Weights,
  left: Columns,
  right: Columns,
  out: View,
  { rows, groups = 1, accumulate = false }: ReductionOptions,
): Dispatch[] {
  const { gpu } = memory.device;
  const { replicas, buffer: arena } = weights;
  const blocks = Math.ceil(rows / BLOCK_ROWS);
  const rowStride = out.strides.at(-2)!;
  const groupStride = groups > 1 ? out.strides[0]! : 0;
  const shape = memory.uniform(
    'reduction',
    Uint32Array.of(
      rows,
      BLOCK_ROWS,
      groups,
      accumulate ? 1 : 0,
      left.columns,
      left.stride,
      left.first,
      right.columns / 4,
      right.stride / 4,
      right.first / 4,
      out.offset,
      rowStride / 4,
      groupStride / 4,
    ),
  );
  const partials = memory.storage('partial sums', replicas * groups * blocks * left.columns * right.columns);
  const tiles = Math.ceil(left.columns / 4) * (right.columns / 4);
  const sums = (groups * left.columns * right.columns) / 4;
  return [
    dispatch(
      gpu,
      programs.reduceRows,
      [shape, left.buffer, right.buffer, partials],
      tiles,
      replicas * groups,
      blocks,
    ),
    dispatch(gpu, programs.sumPartials, [shape, partials, arena], sums, replicas),
  ];
}
