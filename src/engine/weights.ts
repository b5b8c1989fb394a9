import type { ModelConfig } from '../shared/model-config.ts';
import { type Arena, arenaOf } from './arena.ts';
import type { Memory } from './memory.ts';

/** Weights of `replicas` models of one shape on the device: their blocks of the arena. */
export interface Weights {
  model: ModelConfig;
  arena: Arena;
  buffer: GPUBuffer;
  replicas: number;
}

/** An arena of zeros for `replicas` models, for batches of `sequences` sequences a replica. */
export function allocateWeights(
  memory: Memory,
  model: ModelConfig,
  replicas: number,
  sequences: number,
): Weights {
  const arena = arenaOf(model, sequences);
  return { model, arena, buffer: memory.storage('arena', replicas * arena.stride), replicas };
}

/** The same weights in an arena with room for batches of `sequences` sequences. */
export function weightsFor(memory: Memory, weights: Weights, sequences: number): Weights {
  const { model, replicas, arena: from } = weights;
  const copy = allocateWeights(memory, model, replicas, sequences);
  const { gpu } = memory.device;
  const encoder = gpu.createCommandEncoder();
  for (let r = 0; r < replicas; r++) {
    const bytes = 4 * from.parameterFloats;
    encoder.copyBufferToBuffer(
      weights.buffer,
      4 * r * from.stride,
      copy.buffer,
      4 * r * copy.arena.stride,
      bytes,
    );
  }
  gpu.queue.submit([encoder.finish()]);
  return copy;
}
