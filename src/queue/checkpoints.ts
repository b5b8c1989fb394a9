import type { Redis } from 'ioredis';
import { checkpointKey } from './names.ts';

/** Most that Redis keeps of one job, in bytes. */
const MOST_BYTES = 64 * 2 ** 20;
/** A checkpoint that nobody came back for is dropped after so long. */
const KEPT_SECONDS = 2 * 86_400;

/** Where cells under way can go on, in Redis, so that whoever takes a job after its worker was lost goes on from there. */
export class SharedCheckpoints {
  private readonly redis: Redis;
  private readonly queue: string;

  constructor(redis: Redis, queue: string) {
    this.redis = redis;
    this.queue = queue;
  }

  /** Keeps what cells of one job can go on from, by cell. Resolves to false when together they are more than Redis is to hold. */
  async save(checkpoints: ReadonlyMap<string, Uint8Array>): Promise<boolean> {
    const bytes = [...checkpoints.values()].reduce((sum, { length }) => sum + length, 0);
    if (bytes > MOST_BYTES) return false;
    for (const [cell, checkpoint] of checkpoints)
      await this.redis.set(checkpointKey(this.queue, cell), Buffer.from(checkpoint), 'EX', KEPT_SECONDS);
    return true;
  }

  /** Those of some cells that there are, by cell. */
  async load(cells: readonly string[]): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    for (const cell of cells) {
      const bytes = await this.redis.getBuffer(checkpointKey(this.queue, cell));
      if (bytes !== null) found.set(cell, bytes);
    }
    return found;
  }

  async remove(cells: readonly string[]): Promise<void> {
    if (cells.length > 0) await this.redis.del(...cells.map(cell => checkpointKey(this.queue, cell)));
  }
}
