import type { RowTensor } from '../attention/attention.ts';
import type { Dispatch } from '../dispatch.ts';
import type { Kernels } from '../kernels.ts';
import type { RowSet } from '../row-set.ts';
import { rowWidths } from '../row-widths.ts';

/** Floats of a residual row as vec4. */
const row4 = ({ weights }: Kernels) => rowWidths(weights.model).width / 4;

function places(reads: RowSet, all: RowSet) {
  return {
    reads: reads.space,
    space: all.space,
    readStarts: reads.starts,
    readPositions: reads.positions,
    readOwners: reads.owners,
    starts: all.starts,
  };
}

/** Residual rows of all positions to those of the positions that are read. */
export function gather(
  kernels: Kernels,
  reads: RowSet,
  all: RowSet,
  allRows: GPUBuffer,
  readRows: GPUBuffer,
): Promise<Dispatch> {
  const threads = reads.rows * row4(kernels);
  return kernels.run('gatherRows', { ...places(reads, all), allRows, readRows }, { threads });
}

/** Adds rows of the positions that are read to those of all positions. */
export function scatter(
  kernels: Kernels,
  reads: RowSet,
  all: RowSet,
  readRows: GPUBuffer,
  allRows: GPUBuffer,
): Promise<Dispatch> {
  const threads = reads.rows * row4(kernels);
  return kernels.run('scatterRows', { ...places(reads, all), readRows, allRows }, { threads });
}

/** output = Σ_h parts [rows, heads, width], or += where `add`. */
export function sumHeads(
  kernels: Kernels,
  { space, starts, rows }: RowSet,
  { buffer: parts, row }: RowTensor,
  output: GPUBuffer,
  add: boolean,
): Promise<Dispatch> {
  const width4 = row4(kernels);
  const buffers = { space, starts, parts, output };
  return kernels.run('sumHeads', buffers, { threads: rows * width4 }, { HEADS: row / 4 / width4, ADD: add });
}
