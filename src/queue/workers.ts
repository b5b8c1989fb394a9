import type { Redis } from 'ioredis';
import { z } from 'zod';
import { WORKERS_KEY } from './names.ts';

/** What a worker says of itself, every few seconds. */
export const workerNoteSchema = z.strictObject({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  /** Engine hash and version of its build. */
  engine: z.string(),
  version: z.string(),
  runtime: z.string(),
  /** The kind of adapter it trains on. */
  adapter: z.string(),
  state: z.enum(['idle', 'working', 'doubting']),
  finished: z.int(),
  failed: z.int(),
  /** Training sequences a second over its last job; null before one. */
  sequencesPerSecond: z.number().nullable(),
  /** How many times as fast as planned its jobs went; null before one. */
  speed: z.number().nullable(),
  /** What it said last; null before anything. */
  word: z.string().nullable(),
  /** By Redis's clock, in milliseconds since the epoch. */
  seen: z.number(),
});

export type WorkerNote = z.infer<typeof workerNoteSchema>;

/** How often a worker shows that it lives, in milliseconds. */
export const BEAT_MS = 5000;
/** A worker that was not heard of for so long is not counted. */
const GONE_MS = 6 * BEAT_MS;

async function now(redis: Redis): Promise<number> {
  // In a pipeline: alone, ioredis sends it before a new connection is ready, and if that is lost too it is never answered.
  const [[error, time]] = (await redis.pipeline().time().exec()) as [[Error | null, [string, string]]];
  if (error) throw error;
  const [seconds, microseconds] = time;
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

/** Shows that a worker lives. */
export async function showWorker(redis: Redis, note: Omit<WorkerNote, 'seen'>): Promise<void> {
  const full: WorkerNote = { ...note, seen: await now(redis) };
  await redis.hset(WORKERS_KEY, note.id, JSON.stringify(workerNoteSchema.parse(full)));
}

export async function hideWorker(redis: Redis, id: string): Promise<void> {
  await redis.hdel(WORKERS_KEY, id);
}

/** Workers that were heard of lately. Those that were not, or that speak another build's language, are struck off. */
export async function liveWorkers(redis: Redis): Promise<WorkerNote[]> {
  const at = await now(redis);
  const live: WorkerNote[] = [];
  for (const [id, json] of Object.entries(await redis.hgetall(WORKERS_KEY))) {
    const note = parse(json);
    if (note && at - note.seen < GONE_MS) live.push(note);
    else await hideWorker(redis, id);
  }
  return live.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function parse(json: string): WorkerNote | undefined {
  try {
    return workerNoteSchema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}
