import { type DenseVariant, defaultVariant, fitsRegisters } from '../../shared/attention-variants.ts';
import type { Memory } from '../memory.ts';
import { backward } from './backward.ts';
import { fusedForward, splitForward, vectorForward } from './forward.ts';
import type {
  AttentionBackward,
  AttentionForward,
  AttentionInputs,
  AttentionShape,
  RowTensor,
} from './inputs.ts';

export type { AttentionBackward, AttentionForward, AttentionInputs, AttentionShape, RowTensor };

const usual = (shape: AttentionShape, memory: Memory) => defaultVariant(shape, memory.device.adapter);

/**
 * Dense causal attention of every query row, docs/theory.md §§1 and 10: O(T²) time, O(T) memory. Rows of padding have means 0. The variant
 * must support the shape.
 */
export function attentionForward(
  memory: Memory,
  shape: AttentionShape,
  inputs: AttentionInputs,
  variant: DenseVariant = usual(shape, memory),
): Promise<AttentionForward> {
  switch (variant) {
    case 'qb-fused':
      return fusedForward(memory, shape, inputs, 4);
    case 'qb-fused-8':
      return fusedForward(memory, shape, inputs, 8);
    case 'flash-wg':
      return vectorForward(memory, shape, inputs, 'forwardFlash');
    case 'quad':
      return vectorForward(memory, shape, inputs, 'forwardAny');
    case 'split-k':
      return splitForward(memory, shape, inputs);
  }
}

/**
 * Its gradients, `gradMeans` being that of the means; rows of padding have gradients 0. Those of φ and log_scale are written (=) to float
 * offsets of every replica's block of `inputs.parameters`.
 */
export function attentionBackward(
  memory: Memory,
  shape: AttentionShape,
  inputs: AttentionInputs,
  forward: AttentionForward,
  gradMeans: RowTensor,
  gradParameters: { phi: number; logScale: number },
  variant: DenseVariant = usual(shape, memory),
): Promise<AttentionBackward> {
  const inRegisters =
    variant !== 'quad' && fitsRegisters(shape) && memory.device.adapter.features.includes('subgroups');
  const rows = variant === 'qb-fused-8' ? 4 : 2;
  return backward(memory, shape, inputs, forward, gradMeans, gradParameters, inRegisters ? rows : 0);
}
