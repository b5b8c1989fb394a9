import { type Dispatch, dispatch } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { compilePrograms, type Specialisation } from './programs.ts';
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

/** Rows that one thread adds before the blocks are added, as in shaders/common/reduction.wgsl. */
const BLOCK_ROWS = 256;

/** Most columns of the left side that one thread of reduce_rows.wgsl takes. */
const MOST_COLUMNS = 12;

/** Which rows of a replica are summed together. */
export interface Groups {
  /** Rows a replica at most, and a group at most. */
  rows: number;
  longest: number;
  groups: number;
  /** Where groups start: of replica r, group g at r · replicaStarts + g · groupStarts, its end one groupStarts later. */
  starts: GPUBuffer;
  replicaStarts: number;
  groupStarts: number;
}

/** Every replica's `rows` rows as one group. */
export function wholeBatch(memory: Memory, rows: number): Groups {
  const starts = memory.upload('row starts', Uint32Array.of(0, rows));
  return { rows, longest: rows, groups: 1, starts, replicaStarts: 0, groupStarts: 1 };
}

/**
 * `out[group] = Σ_rows left ⊗ right` inside every replica (shaders/reduce_rows.wgsl), `+=` when accumulating. `right.columns`,
 * its stride and first column are multiples of 4; `out` is [left.columns, …] or, with several groups,
 * [groups, left.columns, …].
 */
export async function reduction(
  memory: Memory,
  weights: Weights,
  how: Specialisation,
  left: Columns,
  right: Columns,
  out: View,
  { rows, longest, groups, starts, replicaStarts, groupStarts }: Groups,
  accumulate = false,
): Promise<Dispatch[]> {
  const { gpu } = memory.device;
  const { replicas, buffer: arena } = weights;
  const blocks = Math.ceil(longest / BLOCK_ROWS);
  const direct = blocks === 1;
  const right4 = right.columns / 4;
  const tilesOfLeft = Math.ceil(left.columns / MOST_COLUMNS);
  const variant = {
    TILE: Math.ceil(left.columns / tilesOfLeft),
    ALIGNED: right4 % 4 === 0,
    DIRECT: direct,
  };
  const programs = await compilePrograms(gpu, ['reduceRows', 'sumPartials'], { ...how, variant });
  const shape = memory.uniform(
    'reduction',
    Uint32Array.of(
      rows,
      groups,
      blocks,
      replicaStarts,
      groupStarts,
      accumulate ? 1 : 0,
      left.columns,
      left.stride,
      left.first,
      right4,
      right.stride / 4,
      right.first / 4,
      out.offset,
      out.strides.at(-2)! / 4,
      groups > 1 ? out.strides[0]! / 4 : 0,
    ),
  );
  const threads = tilesOfLeft * right4 * blocks * groups;
  const reduce = (sums: GPUBuffer) =>
    dispatch(gpu, programs.reduceRows, [shape, starts, left.buffer, right.buffer, sums], threads, replicas);
  if (direct) return [reduce(arena)];
  const sums = (groups * left.columns * right.columns) / 4;
  const partials = memory.storage('partial sums', replicas * blocks * sums * 4);
  return [
    reduce(partials),
    dispatch(gpu, programs.sumPartials, [shape, starts, partials, arena], sums, replicas),
  ];
}
