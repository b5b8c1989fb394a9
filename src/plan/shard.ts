import type { Cell } from './cells.ts';
import { estimateSeconds } from './estimate.ts';
import { packsOf } from './packs.ts';

/** One of equal parts of a grid. */
export interface Shard {
  /** From 1. */
  index: number;
  count: number;
}

/**
 * A part's cells, in the order of the grid: packs, the longest dealt out first, each to the part that has least to do. Every machine
 * deals the same, for only the grid decides; the parts of one count are every cell once.
 */
export function shardOf(cells: readonly Cell[], { index, count }: Shard): Cell[] {
  const most = Math.ceil(cells.length / count);
  const parts = packsOf([...cells])
    .flatMap(({ pack, cells: members }) =>
      // No larger than a shard, so that none stays empty where there are cells enough.
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
