import { canonicalHash } from '../config/hash.ts';

/** What every key of the project in Redis begins with; BullMQ's too, as its `prefix`. */
export const PREFIX = 'lengthwise';

/** Queues that were ever filled: name → `QueueNote`. */
export const QUEUES_KEY = `${PREFIX}:queues`;
/** Live workers: id → `WorkerNote`. */
export const WORKERS_KEY = `${PREFIX}:workers`;

/**
 * The queue of a build: jobs of one engine never meet workers of another. Jobs that must all run on one kind of adapter have a queue of
 * their own, which only workers with that adapter look into.
 */
export function queueName(engine: string, adapter: string | null): string {
  return adapter === null ? `jobs-${engine}` : `jobs-${engine}-${canonicalHash(adapter, 8)}`;
}

/** Where a worker leaves a trained cell for whoever collects it. */
export function resultKey(queue: string, cell: string): string {
  return `${PREFIX}:result:${queue}:${cell}`;
}

/** Where a worker leaves what a cell can be continued from. */
export function checkpointKey(queue: string, cell: string): string {
  return `${PREFIX}:checkpoint:${queue}:${cell}`;
}
