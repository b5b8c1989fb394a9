import type { Dispatch } from '../dispatch.ts';
import type { Memory } from '../memory.ts';
import type { AttentionInputs, AttentionShape } from './inputs.ts';
import { type How, type KernelName, run } from './kernels.ts';

/** How the rows of every sequence are cut. */
export interface Tiling {
  /** Rows of the longest sequence, and of a tile. */
  longest: number;
  tile: number;
  /** Workgroups to `heads` heads of a tile. */
  blocks?: number;
  heads?: number;
}

/** Tiles of one dispatch: `first` and those behind it, of `of`. */
export interface Tiles {
  first: number;
  of: number;
}

/** All of them, for kernels that have none. */
export const WHOLE: Tiles = { first: 0, of: 1 };

/**
 * A kernel with a workgroup (or some) to every tile of every sequence, as one dispatch, or as several of as many tiles each where one would
 * take longer than the device's patience. What is computed does not depend on it: tiles know nothing of each other.
 */
export function runTiles(
  memory: Memory,
  name: KernelName,
  shape: AttentionShape,
  inputs: AttentionInputs,
  { longest, tile, blocks = 1, heads = 1 }: Tiling,
  how: Omit<How, 'groups'>,
  uniform: (tiles: Tiles) => GPUBuffer,
): Promise<Dispatch[]> {
  const { queryRows } = inputs;
  const of = Math.ceil(longest / tile);
  const z = (queryRows.sequences * shape.model.heads * blocks) / heads;
  const all = multiplyAdds(shape, inputs);
  const most = memory.device.dispatchMultiplyAdds;
  // The last of n equal stretches of causal rows has less than 2 / n of all pairs.
  const parts = all <= most ? 1 : Math.min(of, Math.ceil((2 * all) / most));
  const size = Math.ceil(of / parts);
  return Promise.all(
    Array.from({ length: Math.ceil(of / size) }, async (_, part) => {
      const first = part * size;
      const dispatch = await run(memory, name, shape, {
        ...how,
        buffers: { ...how.buffers, attention: uniform({ first, of }) },
        groups: [Math.min(size, of - first), queryRows.replicas, z],
      });
      return { ...dispatch, multiplyAdds: Math.min(all, (2 * all) / parts) };
    }),
  );
}

/** Multiply-adds of every query with the keys that it sees, forward, at most. */
function multiplyAdds(
  { model, keyWidth, valueWidth }: AttentionShape,
  { queryRows, keyRows }: AttentionInputs,
): number {
  const { replicas, sequences, longest } = queryRows;
  const seen = queryRows === keyRows ? keyRows.longest / 2 : keyRows.longest;
  return replicas * sequences * model.heads * longest * seen * (keyWidth + valueWidth);
}
