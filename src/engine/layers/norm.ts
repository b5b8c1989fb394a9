import type { Dispatch } from '../dispatch.ts';
import { inOrder, type Kernels } from '../kernels.ts';
import type { RowSet } from '../row-set.ts';
import { rowWidths } from '../row-widths.ts';
import type { View } from '../view.ts';
import { vectorGradient } from './linear.ts';

/** output = the RMS norm of every row of `y` with its gain (docs/theory.md §10). */
export function normForward(
  kernels: Kernels,
  { space, starts, rows }: RowSet,
  gain: View,
  y: GPUBuffer,
  output: GPUBuffer,
): Promise<Dispatch> {
  const buffers = { space, starts, arena: kernels.weights.buffer, place: placeOf(kernels, gain), y, output };
  return kernels.run('normForward', buffers, { threads: rows });
}

/** gradY = the gradient through the norm, plus `other` where given; and the gradient of the gain. */
export function normBackward(
  kernels: Kernels,
  set: RowSet,
  gain: View,
  y: GPUBuffer,
  gradOutput: GPUBuffer,
  other: GPUBuffer | undefined,
  gradY: GPUBuffer,
): Promise<Dispatch[]> {
  const { memory, weights } = kernels;
  const { width } = rowWidths(weights.model);
  const { space, starts, rows, replicas } = set;
  const products = memory.storage('gain products', replicas * rows * width);
  const arena = weights.buffer;
  const place = placeOf(kernels, gain);
  const buffers = { space, starts, arena, place, y, gradOutput, other: other ?? gradOutput, gradY, products };
  const constants = { HAS_OTHER: other !== undefined };
  return inOrder([
    kernels.run('normBackward', buffers, { threads: rows }, constants),
    vectorGradient(kernels, set, gain, products, width),
  ]);
}

const placeOf = ({ memory }: Kernels, gain: View) =>
  memory.uniform('place of a gain', Uint32Array.of(gain.offset));
