import type { Batch } from '../batch.ts';
import { inOrder } from '../dispatch.ts';
import type { Kernels } from '../kernels.ts';
import { allColumns, byReplica, segmentedOuter } from '../outer.ts';
import { rowWidths } from '../row-widths.ts';
import { tablesByClass } from './class-equations.ts';
import { type ClassRows, featureGradients } from './class-layer.ts';
import type { Readout } from './class-readout.ts';

/** The read-out of mix rows of any length: hidden units and feature gradients of every row are written, then summed. */
export function longReadout(
  kernels: Kernels,
  { reads, outputs, gradOutputs }: Batch,
  own: ClassRows,
): Readout {
  const { memory, weights } = kernels;
  const { model, buffer: arena } = weights;
  const { mlpPad, features: F } = rowWidths(model);
  const { space, rows } = reads;
  const { suffix, mix } = own;
  const given = { space, arena, suffix, mix };
  return {
    forward: kernels.run('featuresForward', { ...given, outputs }, { threads: rows }),
    backward(gradMix) {
      const perRow = (label: string, words: number) => memory.storage(label, reads.replicas * rows * words);
      const gradFeatures = perRow('feature gradients', F);
      const hidden = perRow('hidden units', mlpPad);
      const back = { ...given, gradOutputs, gradMix, gradFeatures, hidden };
      const out = weights.arena.gradientOf(tablesByClass(weights).readout);
      return inOrder([
        kernels.run('featuresBackward', back, { threads: rows }),
        mlpPad > 0
          ? segmentedOuter(
              kernels,
              allColumns(gradOutputs, model.outputs),
              allColumns(hidden, mlpPad),
              out,
              byReplica(reads),
            )
          : [],
        featureGradients(kernels, own, allColumns(gradFeatures, F)),
      ]);
    },
  };
}
