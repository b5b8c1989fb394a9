import { canonicalHasher } from '../config/hash.ts';
import type { CellConfig } from './resolve.ts';

/** What makes the 32-bit seed of a cell's random streams: the one place where it is derived. */
export function streamSeeds(): (config: CellConfig) => number {
  const hashOf = canonicalHasher(8);
  // What a cell is tested on decides nothing of its training: test strings of other lengths find the same weights. Nor do random numbers
  // depend on how a task is written.
  return ({ test: _, fed: __, source: ___, streams, ...config }) =>
    streams === 'cell' ? Number.parseInt(hashOf(config), 16) : config.seed;
}
