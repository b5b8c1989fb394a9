import { type JobsOptions, Queue, QueueEvents, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { JobData } from './jobs.ts';
import { PREFIX, QUEUES_KEY, queueName } from './names.ts';

/** What is noted of a queue, so that workers of another build can say which one is wanted. */
const queueNoteSchema = z.strictObject({
  /** Engine hash and version of the build that its jobs are for. */
  engine: z.string(),
  version: z.string(),
  /** The kind of adapter that all its jobs must run on; null: any. */
  adapter: z.string().nullable(),
});

export type QueueNote = z.infer<typeof queueNoteSchema>;
/** A queue of packs. Jobs return nothing: results lie beside it (`results.ts`). */
export type PackQueue = Queue<JobData, null, 'pack'>;
export type PackWorker = Worker<JobData, null, 'pack'>;

/** A job may fail so often, on one worker after another, before it is given up. */
const ATTEMPTS = 4;
const BACK_OFF_MS = 250;
/** Times that a job is put back because its worker went away without a word. */
const MOST_STALLS = 3;

export const JOB_OPTIONS: JobsOptions = {
  attempts: ATTEMPTS,
  backoff: { type: 'exponential', delay: BACK_OFF_MS },
  // Whoever collects removes it; what failed stays to be shown.
  removeOnComplete: false,
  removeOnFail: false,
  stackTraceLimit: 1,
};

/**
 * Events of a queue that Redis keeps. One of progress carries up to a second of a job's curves: a few kilobytes for each hundred cells.
 */
const MOST_EVENTS = 2000;

/** Errors of BullMQ's own connections: ours tells when Redis goes and comes back. */
const ignore = () => {};

export function openQueue(redis: Redis, name: string): PackQueue {
  const queue: PackQueue = new Queue(name, {
    connection: redis,
    prefix: PREFIX,
    streams: { events: { maxLen: MOST_EVENTS } },
  });
  queue.on('error', ignore);
  return queue;
}

/** What happens in a queue, with what Redis still knows of what has happened. */
export function openEvents(redis: Redis, name: string): QueueEvents {
  const events = new QueueEvents(name, { connection: redis, prefix: PREFIX, lastEventId: '0-0' });
  events.on('error', ignore);
  return events;
}

/**
 * Takes jobs of a queue when asked to; puts back those whose worker went away. `lockMs`: after so long without renewal a job is up for
 * others.
 */
export async function openWorker(
  redis: Redis,
  name: string,
  { lockMs, worker: label }: { lockMs: number; worker: string },
): Promise<PackWorker> {
  const worker: PackWorker = new Worker(name, null, {
    connection: redis,
    prefix: PREFIX,
    name: label,
    autorun: false,
    lockDuration: lockMs,
    stalledInterval: lockMs / 4,
    maxStalledCount: MOST_STALLS,
  });
  worker.on('error', ignore);
  await worker.startStalledCheckTimer();
  return worker;
}

/** Notes that a queue is there. Returns its name. */
export async function noteQueue(redis: Redis, { engine, version, adapter }: QueueNote): Promise<string> {
  const note = { engine, version, adapter };
  const name = queueName(engine, adapter);
  await redis.hset(QUEUES_KEY, name, JSON.stringify(note));
  return name;
}

/** Every queue that was noted, by name. */
export async function queueNotes(redis: Redis): Promise<Map<string, QueueNote>> {
  const notes = new Map<string, QueueNote>();
  for (const [name, json] of Object.entries(await redis.hgetall(QUEUES_KEY))) {
    const parsed = queueNoteSchema.safeParse(parseJson(json));
    if (parsed.success) notes.set(name, parsed.data);
  }
  return notes;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Jobs of a queue, by what has become of them. */
export interface Counts {
  waiting: number;
  active: number;
  /** Trained, and not collected yet. */
  completed: number;
  failed: number;
}

export async function countsOf(queue: PackQueue): Promise<Counts> {
  const found = await queue.getJobCounts(
    'waiting',
    'prioritized',
    'delayed',
    'active',
    'completed',
    'failed',
  );
  const { waiting = 0, prioritized = 0, delayed = 0, active = 0, completed = 0, failed = 0 } = found;
  return { waiting: waiting + prioritized + delayed, active, completed, failed };
}
