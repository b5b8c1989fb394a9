import type { DenseVariant } from '../../shared/attention-variants.ts';
import type { Memory } from '../memory.ts';
import type {
  AttentionBackward,
  AttentionForward,
  AttentionInputs,
  AttentionShape,
  RowTensor,
} from './inputs.ts';

/** Dense causal attention of every query row: theory.md §§1 and 10. The variant must support the shape. */
export declare function attentionForward(
  memory: Memory,
  shape: AttentionShape,
  inputs: AttentionInputs,
  variant?: DenseVariant,
): Promise<AttentionForward>;

/**
 * Its gradients, `gradMeans` being that of the means. Those of φ and log_scale are written (=) to float offsets of every replica's block
 * of `inputs.parameters`.
 */
export declare function attentionBackward(
  memory: Memory,
  shape: AttentionShape,
  inputs: AttentionInputs,
  forward: AttentionForward,
  gradMeans: RowTensor,
  gradParameters: { phi: number; logScale: number },
  variant?: DenseVariant,
): Promise<AttentionBackward>;
