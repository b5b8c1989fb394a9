import type { Batch } from '../batch.ts';
import { inOrder, type Kernels } from '../kernels.ts';
import { allColumns, byReplica, segmentedOuter } from '../outer.ts';
import { rowWidths } from '../row-widths.ts';
import { Adjoint } from './adjoint.ts';
import { classForward, tablesByClass } from './class-equations.ts';
import {
  allocateClassRows,
  allocateRunningCounts,
  classAttention,
  classBackward,
  histogramOfChunk,
  histogramOfReads,
} from './class-layer.ts';
import type { Network } from './network.ts';

/** A model of one layer by class: class tables, statistics of every read, attention over classes, and a read-out folded into the tables. */
export async function classReadout(kernels: Kernels, batch: Batch): Promise<Network> {
  const { memory, weights } = kernels;
  const { model, buffer: arena } = weights;
  const { classes, mlpPad, features: F } = rowWidths(model);
  const { reads, outputs, gradOutputs, chunks } = batch;
  const { space, replicas, rows } = reads;
  const own = allocateClassRows(kernels, reads);
  const { suffix, mix } = own;
  const statistics =
    reads === chunks.rows
      ? histogramOfChunk(kernels, batch, chunks.uniforms[0]!, own, allocateRunningCounts(kernels, batch))
      : histogramOfReads(kernels, batch, own);
  const forward = await inOrder([
    kernels.contract(classForward(weights)),
    statistics,
    classAttention(kernels, own),
    kernels.run('featuresForward', { space, arena, suffix, mix, outputs }, { threads: rows }),
  ]);
  const backward = async () => {
    const perRow = (words: number) => memory.storage('row gradients', replicas * rows * words);
    const [gradFeatures, hidden, gradMix] = [perRow(F), perRow(mlpPad), perRow(model.heads * classes)];
    const back = { space, arena, suffix, mix, gradOutputs, gradFeatures, hidden, gradMix };
    const readout = weights.arena.gradientOf(tablesByClass(weights).readout);
    return inOrder([
      kernels.run('featuresBackward', back, { threads: rows }),
      mlpPad > 0
        ? segmentedOuter(
            kernels,
            allColumns(gradOutputs, model.outputs),
            allColumns(hidden, mlpPad),
            readout,
            byReplica(reads),
          )
        : [],
      classBackward(kernels, new Adjoint(weights.arena), own, {
        gradMix,
        gradFeatures: allColumns(gradFeatures, F),
      }),
    ]);
  };
  return { forward, backward };
}
