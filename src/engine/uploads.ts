import type { Path } from '../model/paths.ts';
import { floatsFromBase64 } from '../shared/base64.ts';
import type { ModelConfig } from '../shared/model-config.ts';
import { type Batch, tokenWords } from './batch.ts';
import type { Device } from './device.ts';
import type { Memory } from './memory.ts';
import { allocateWeights, type Weights } from './weights.ts';

/** One model's weights from base64, its layers on `paths`, with room for batches of `sequences` sequences. */
export function uploadWeights(
  memory: Memory,
  request: { model: ModelConfig; weights: string },
  paths: Path[],
  sequences: number,
): Weights {
  const weights = allocateWeights(memory, request.model, paths, 1, sequences);
  memory.device.gpu.queue.writeBuffer(weights.buffer, 0, floatsFromBase64(request.weights));
  return weights;
}

/** Writes lengths and packed tokens of given sequences. */
export function uploadSequences(
  device: Device,
  { shape, tokens, lengths }: Batch,
  sequences: ArrayLike<number>[],
): void {
  const bytes = 4 * tokenWords(shape.longest);
  const packed = new Uint8Array(sequences.length * bytes);
  sequences.forEach((sequence, b) => {
    packed.set(sequence, b * bytes);
  });
  const { queue } = device.gpu;
  queue.writeBuffer(tokens, 0, packed);
  queue.writeBuffer(
    lengths,
    0,
    Uint32Array.from(sequences, sequence => sequence.length),
  );
}
