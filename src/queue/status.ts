import type { Redis } from 'ioredis';
import { type Counts, countsOf, openQueue, type QueueNote, queueNotes } from './queues.ts';
import { liveWorkers, type WorkerNote } from './workers.ts';

/** A queue, and what is in it. */
export interface QueueStatus extends QueueNote {
  name: string;
  jobs: Counts;
  failures: { job: string; reason: string }[];
}

/** What `lengthwise status` tells. */
export interface Status {
  queues: QueueStatus[];
  workers: WorkerNote[];
}

/** Failed jobs that are told of at most, of each queue. */
const MOST_FAILURES = 100;

export async function statusOf(redis: Redis): Promise<Status> {
  const queues: QueueStatus[] = [];
  for (const [name, note] of await queueNotes(redis)) {
    const queue = openQueue(redis, name);
    try {
      const failed = await queue.getFailed(0, MOST_FAILURES - 1);
      queues.push({
        name,
        ...note,
        jobs: await countsOf(queue),
        failures: failed.map(({ id, failedReason }) => ({ job: id ?? '', reason: failedReason ?? '' })),
      });
    } finally {
      await queue.close();
    }
  }
  return { queues, workers: await liveWorkers(redis) };
}
