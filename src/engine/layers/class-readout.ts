import type { Batch } from '../batch.ts';
import type { Dispatch } from '../dispatch.ts';
import { inOrder, type Kernels } from '../kernels.ts';
import { allColumns, blockSums, byReplica, segmentedOuter } from '../outer.ts';
import { rowWidths } from '../row-widths.ts';
import { Adjoint } from './adjoint.ts';
import { classForward, tablesByClass } from './class-equations.ts';
import {
  allocateClassRows,
  allocateRunningCounts,
  type ClassRows,
  classAttention,
  classBackward,
  featureGradients,
  histogramOfChunk,
  histogramOfReads,
} from './class-layer.ts';
import type { Network } from './network.ts';

/** A model of one layer by class: class tables, statistics of every read, attention over classes, and a read-out folded into the tables. */
export async function classReadout(kernels: Kernels, batch: Batch): Promise<Network> {
  const { memory, weights } = kernels;
  const { model, buffer: arena } = weights;
  const { classes } = rowWidths(model);
  const { reads, outputs, chunks } = batch;
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
    const gradMix = memory.storage('mix gradients', replicas * rows * model.heads * classes);
    return inOrder([
      featuresBackward(kernels, batch, own, gradMix),
      classBackward(kernels, new Adjoint(weights.arena), own, gradMix),
    ]);
  };
  return { forward, backward };
}

/** Longest mix row whose part of the feature table, and of its gradient, a thread of features_gradient.wgsl holds in registers. */
const SHORT_MIX = 12;

/** From the gradients of the outputs to those of the mix rows, of the feature table and of the read-out. */
async function featuresBackward(
  kernels: Kernels,
  { reads, gradOutputs }: Batch,
  own: ClassRows,
  gradMix: GPUBuffer,
): Promise<Dispatch[]> {
  const { memory, weights } = kernels;
  const { model, arena, buffer } = weights;
  const { mixUsed, mixStride, mlpPad, features: F } = rowWidths(model);
  const { space, replicas, rows, starts } = reads;
  const { suffix, mix } = own;
  const { features, readout } = tablesByClass(weights);
  const back = { space, arena: buffer, suffix, mix, gradOutputs, gradMix };
  const segments = byReplica(reads);
  if (mlpPad > 0 && mixUsed + model.outputs <= SHORT_MIX) {
    const table = blockSums(kernels, arena.gradientOf(features), segments);
    const read = blockSums(kernels, arena.gradientOf(readout), segments);
    const columns = Math.ceil(F / 16) * 4;
    return inOrder([
      kernels.run('featuresBackward', back, { threads: rows }, { STORE: false }),
      kernels.run(
        'featuresGradient',
        {
          space,
          starts,
          arena: buffer,
          left: mix,
          gradOutputs,
          tableSums: table.partials,
          readoutSums: read.partials,
        },
        { threads: columns * table.blocks },
        { K: mixUsed, QUADS: mixStride / 4, COLUMNS: columns, ALIGNED: true },
      ),
      table.add,
      read.add,
    ]);
  }
  const gradFeatures = memory.storage('feature gradients', replicas * rows * F);
  const hidden = memory.storage('hidden units', replicas * rows * mlpPad);
  return inOrder([
    kernels.run('featuresBackward', { ...back, gradFeatures, hidden }, { threads: rows }, { STORE: true }),
    mlpPad > 0
      ? segmentedOuter(
          kernels,
          allColumns(gradOutputs, model.outputs),
          allColumns(hidden, mlpPad),
          arena.gradientOf(readout),
          segments,
        )
      : [],
    featureGradients(kernels, own, allColumns(gradFeatures, F)),
  ]);
}
