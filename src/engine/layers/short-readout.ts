import type { ModelConfig } from '../../shared/model-config.ts';
import type { Batch } from '../batch.ts';
import { inOrder } from '../dispatch.ts';
import type { Kernels } from '../kernels.ts';
import { blockSums, byReplica } from '../outer.ts';
import { type RowWidths, rowWidths } from '../row-widths.ts';
import { tablesByClass } from './class-equations.ts';
import type { ClassRows } from './class-layer.ts';
import type { Readout } from './class-readout.ts';

/** Most entries of a mix row, and outputs, that threads of features_gradient.wgsl and features_jacobian.wgsl hold in registers. */
const SHORT = 12;

/**
 * Rows that a thread of features_jacobian.wgsl takes, and columns, in fours, that one of features_gradient.wgsl does: as many as leave
 * room for the rest in 256 registers.
 */
function tilesOf({ mixUsed, outputPad }: RowWidths): { ROWS: number; SPAN: number } {
  return mixUsed + outputPad <= 8 ? { ROWS: 4, SPAN: 3 } : { ROWS: 1, SPAN: 1 };
}

/** Whether a model's mix rows are short enough. Without an MLP there are no hidden units to save. */
export function isShort(model: ModelConfig): boolean {
  return model.mlpWidth > 0 && rowWidths(model).mixUsed + model.outputs <= SHORT;
}

/** The read-out of short mix rows, for training: nothing as wide as the MLP is written for each row. */
export function shortReadout(
  kernels: Kernels,
  { reads, outputs, gradOutputs }: Batch,
  { mix }: ClassRows,
): Readout {
  const { memory, weights } = kernels;
  const { model, arena, buffer } = weights;
  const widths = rowWidths(model);
  const { classes, mixUsed, mixStride, features: F } = widths;
  const { ROWS, SPAN } = tilesOf(widths);
  const { space, replicas, rows, starts } = reads;
  const { features, readout } = tablesByClass(weights);
  const attended = model.heads * classes;
  const jacobian = memory.storage('jacobian', replicas * rows * model.outputs * attended);
  // A multiple of four, so that the lanes of a quad share their rows.
  const threads = Math.ceil(F / (16 * SPAN)) * 4;
  return {
    forward: kernels.run(
      'featuresJacobian',
      { space, arena: buffer, mix, outputs, jacobian },
      { threads: Math.ceil(rows / ROWS) },
      { ROWS, K: mixUsed, HC: attended },
    ),
    backward(gradMix) {
      const table = blockSums(kernels, arena.gradientOf(features), byReplica(reads));
      const read = blockSums(kernels, arena.gradientOf(readout), byReplica(reads));
      const sums = { tableSums: table.partials, readoutSums: read.partials };
      return inOrder([
        kernels.run('jacobianBackward', { space, jacobian, gradOutputs, gradMix }, { threads: rows }),
        kernels.run(
          'featuresGradient',
          { space, starts, arena: buffer, left: mix, gradOutputs, ...sums },
          { threads: threads * table.blocks },
          { K: mixUsed, QUADS: mixStride / 4, THREADS: threads, SPAN, ALIGNED: true },
        ),
        table.add,
        read.add,
      ]);
    },
  };
}
