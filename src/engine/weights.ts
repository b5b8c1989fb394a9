import type { Path } from '../model/paths.ts';
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

/** An arena of zeros for `replicas` models whose layers take `paths`, for batches of `sequences` sequences a replica. */
export function allocateWeights(
  memory: Memory,
  model: ModelConfig,
  paths: Path[],
  replicas: number,
  sequences: number,
): Weights {
  const arena = arenaOf(model, paths, sequences);
  return { model, arena, buffer: memory.storage('arena', replicas * arena.stride), replicas };
}

/** Whether weights can be used as they are for layers that take `paths`, for batches of `sequences` sequences. */
function fits({ arena }: Weights, paths: Path[], sequences: number): boolean {
  const same = `${arena.paths}` === `${paths}`;
  return same && (arena.paths.at(-1) !== 'query' || arena.sequences === sequences);
}

/** The same weights in an arena for other paths, or for batches of another size; as they are where they fit. */
export function weightsFor(memory: Memory, weights: Weights, paths: Path[], sequences: number): Weights {
  if (fits(weights, paths, sequences)) return weights;
  const { model, replicas, arena: from } = weights;
  const copy = allocateWeights(memory, model, paths, replicas, sequences);
  const { gpu } = memory.device;
  const encoder = gpu.createCommandEncoder();
  for (let r = 0; r < replicas; r++) {
    const [at, to] = [4 * r * from.stride, 4 * r * copy.arena.stride];
    encoder.copyBufferToBuffer(weights.buffer, at, copy.buffer, to, 4 * from.parameterFloats);
  }
  gpu.queue.submit([encoder.finish()]);
  return copy;
}
