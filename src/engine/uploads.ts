import { floatsFromBase64 } from '../shared/base64.ts';
import type { ModelConfig } from '../shared/model-config.ts';
import type { Device } from './device.ts';
import type { Memory } from './memory.ts';
import { type Rows, tokenWords } from './rows.ts';
import { allocateWeights, type Weights } from './weights.ts';

/** One model's weights from base64, with room for batches of `sequences` sequences. */
export function uploadWeights(
  memory: Memory,
  request: { model: ModelConfig; weights: string },
  sequences: number,
): Weights {
  const weights = allocateWeights(memory, request.model, 1, sequences);
  memory.device.gpu.queue.writeBuffer(weights.buffer, 0, floatsFromBase64(request.weights));
  return weights;
}

/** Writes lengths and packed tokens of given sequences, one a row. */
export function uploadSequences(device: Device, rows: Rows, sequences: ArrayLike<number>[]): void {
  const bytes = 4 * tokenWords(rows.shape.longest);
  const packed = new Uint8Array(sequences.length * bytes);
  sequences.forEach((sequence, b) => {
    packed.set(sequence, b * bytes);
  });
  device.gpu.queue.writeBuffer(rows.tokens, 0, packed);
  device.gpu.queue.writeBuffer(
    rows.lengths,
    0,
    Uint32Array.from(sequences, sequence => sequence.length),
  );
}
