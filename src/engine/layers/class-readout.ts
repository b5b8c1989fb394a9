import type { Batch } from '../batch.ts';
import { type Dispatch, inOrder } from '../dispatch.ts';
import type { Kernels } from '../kernels.ts';
import { rowWidths } from '../row-widths.ts';
import { Adjoint } from './adjoint.ts';
import { classForward } from './class-equations.ts';
import {
  allocateClassRows,
  allocateRunningCounts,
  classAttention,
  classBackward,
  histogramOfChunk,
  histogramOfReads,
} from './class-layer.ts';
import { longReadout } from './long-readout.ts';
import type { Network } from './network.ts';
import { isShort, shortReadout } from './short-readout.ts';

/** What the rows of a layer by class make of their mix, with the read-out folded into the feature table. */
export interface Readout {
  /** From the mix rows to `batch.outputs`. */
  forward: Promise<Dispatch>;
  /** From `batch.gradOutputs` to the gradients of the mix rows [rows, H·C], of the feature table and of the read-out. */
  backward(gradMix: GPUBuffer): Promise<Dispatch[]>;
}

/**
 * A model of one layer by class: class tables, statistics of every read, attention over classes, and a read-out folded into the tables.
 * `gradients` says whether a backward pass will follow.
 */
export async function classReadout(kernels: Kernels, batch: Batch, gradients: boolean): Promise<Network> {
  const { memory, weights } = kernels;
  const { model, arena } = weights;
  const { reads, chunks } = batch;
  const own = allocateClassRows(kernels, reads);
  const statistics =
    reads === chunks.rows
      ? histogramOfChunk(kernels, batch, chunks.uniforms[0]!, own, allocateRunningCounts(kernels, batch))
      : histogramOfReads(kernels, batch, own);
  const readout = (gradients && isShort(model) ? shortReadout : longReadout)(kernels, batch, own);
  const forward = inOrder([
    kernels.contract(classForward(weights)),
    statistics,
    classAttention(kernels, own),
    readout.forward,
  ]);
  const backward = async () => {
    const words = reads.replicas * reads.rows * model.heads * rowWidths(model).classes;
    const gradMix = memory.storage('mix gradients', words);
    return inOrder([readout.backward(gradMix), classBackward(kernels, new Adjoint(arena), own, gradMix)]);
  };
  return { forward, backward };
}
