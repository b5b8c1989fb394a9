import { z } from 'zod';
import type { Cell } from './cells.ts';
import { estimateSeconds } from './estimate.ts';
import { packsOf } from './packs.ts';

/** One of several shares of a grid, for machines that know nothing of each other. */
export interface Shard {
  /** From 1. */
  index: number;
  count: number;
}

/** More is a slip of the pen. */
const MOST_SHARDS = 100_000;

/** `3/8`: the third of eight. */
export const shardSchema = z
  .string()
  .regex(/^\d{1,6}\/\d{1,6}$/, 'must be two whole numbers like 3/8: which shard, of how many')
  .transform((text): Shard => {
    const [index, count] = text.split('/').map(Number) as [number, number];
    return { index, count };
  })
  .refine(({ index, count }) => index >= 1 && index <= count && count <= MOST_SHARDS, {
    message: `shards count from 1 up to how many there are, at most ${MOST_SHARDS}`,
  });

/** Parts of packs that are dealt to each shard, at least. */
const PARTS = 4;

/**
 * A shard's cells, in the order of the grid: parts of packs, the longest dealt out first, each to the shard that has least to do. Every
 * machine deals the same, for only the grid decides; the shards of one count are every cell once.
 */
export function shardOf(cells: readonly Cell[], { index, count }: Shard): Cell[] {
  // Small enough to be dealt out evenly; a shard's cells of one shape train together all the same.
  const most = Math.max(1, Math.floor(cells.length / count / PARTS));
  const parts = packsOf([...cells])
    .flatMap(({ pack, cells: members }) =>
      Array.from({ length: Math.ceil(members.length / most) }, (_, i) => {
        const [first, end] = [i * most, (i + 1) * most];
        const replicas = pack.replicas.slice(first, end);
        return { seconds: estimateSeconds({ ...pack, replicas }), members: members.slice(first, end) };
      }),
    )
    .sort((a, b) => b.seconds - a.seconds);
  const loads = Array<number>(count).fill(0);
  const mine = new Set<Cell>();
  for (const { seconds, members } of parts) {
    const least = loads.reduce((best, load, i) => (load < loads[best]! ? i : best), 0);
    loads[least]! += seconds;
    if (least === index - 1) for (const cell of members) mine.add(cell);
  }
  return cells.filter(cell => mine.has(cell));
}
