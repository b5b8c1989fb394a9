import type { Memory } from '../memory.ts';
import type { AttentionBackward, AttentionForward, AttentionInputs, AttentionShape, RowTensor } from './inputs.ts';

export async function attentionForward(
  _memory: Memory,
  _shape: AttentionShape,
  _inputs: AttentionInputs,
): Promise<AttentionForward> {
  throw new Error('not yet');
}

export async function attentionBackward(
  _memory: Memory,
  _shape: AttentionShape,
  _inputs: AttentionInputs,
  _forward: AttentionForward,
  _gradMeans: RowTensor,
  _gradParameters: { phi: number; logScale: number },
): Promise<AttentionBackward> {
  throw new Error('not yet');
}
