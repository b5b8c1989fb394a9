import type { Redis } from 'ioredis';
import { z } from 'zod';
import { layoutOf } from '../model/layout.ts';
import type { Cell } from '../plan/cells.ts';
import { adapterInfoSchema, cellOutcomeSchema, loss } from '../shared/protocol.ts';
import { resultKey } from './names.ts';

/** What a worker sends back of one cell. */
export const cellResultSchema = z.strictObject({
  outcome: cellOutcomeSchema,
  curve: z.array(z.tuple([z.int(), loss])),
  adapter: adapterInfoSchema,
  /** Name and version of the browser, or of Dawn. */
  version: z.string(),
  /** Time spent on the cell, its share of its packs', with what was spent before an interruption. */
  seconds: z.number(),
  /** The cell's share of its pack, of what was trained since. */
  trainSeconds: z.number(),
  trainSequences: z.number(),
  trainLabels: z.number(),
});

export type CellResult = z.infer<typeof cellResultSchema>;

/** What lies where a result should is none. */
export class BadResult extends Error {}

/** A result that nobody collected is dropped after so many seconds: the cell is trained again if it is ever wanted. */
const KEPT_SECONDS = 14 * 86_400;

/** Trained cells on their way back, in Redis by the hash of the cell: what is delivered twice is there once. */
export class Results {
  private readonly redis: Redis;
  private readonly queue: string;

  constructor(redis: Redis, queue: string) {
    this.redis = redis;
    this.queue = queue;
  }

  async put(result: CellResult): Promise<void> {
    const json = JSON.stringify(cellResultSchema.parse(result));
    await this.redis.set(resultKey(this.queue, result.outcome.cell), json, 'EX', KEPT_SECONDS);
  }

  /** The result of a cell; undefined when there is none. @throws BadResult when what lies there is none of this cell */
  async get(cell: Cell): Promise<CellResult | undefined> {
    const json = await this.redis.get(resultKey(this.queue, cell.hash));
    return json === null ? undefined : resultOf(json, cell);
  }

  /** Those of some cells that have a result. */
  async present(cells: readonly string[]): Promise<Set<string>> {
    const found = new Set<string>();
    for (let first = 0; first < cells.length; first += BATCH) {
      const batch = cells.slice(first, first + BATCH);
      const pipeline = this.redis.pipeline();
      for (const cell of batch) pipeline.exists(resultKey(this.queue, cell));
      const replies = (await pipeline.exec()) ?? [];
      for (const [i, [error, exists]] of replies.entries()) {
        if (error) throw error;
        if (exists === 1) found.add(batch[i]!);
      }
    }
    return found;
  }

  async remove(cells: readonly string[]): Promise<void> {
    if (cells.length > 0) await this.redis.del(...cells.map(cell => resultKey(this.queue, cell)));
  }
}

function resultOf(json: string, { hash, config }: Cell): CellResult {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new BadResult(`the result of cell ${hash} is no JSON`);
  }
  const parsed = cellResultSchema.safeParse(value);
  const issue = parsed.error?.issues[0];
  if (issue) throw new BadResult(`the result of cell ${hash}: ${issue.path.join('.')}: ${issue.message}`);
  const { outcome } = parsed.data!;
  const { phiInit: _, ...shape } = config.model;
  const isOfCell =
    outcome.cell === hash &&
    Buffer.byteLength(outcome.weights, 'base64') === 4 * layoutOf(shape).stride &&
    outcome.test.map(({ length }) => length).join() === config.test.length.join();
  if (!isOfCell) throw new BadResult(`the result of cell ${hash} is of another cell`);
  return parsed.data!;
}

/** Keys asked for in one round trip. */
const BATCH = 500;
