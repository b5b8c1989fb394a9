import type { Device } from './device.ts';

/** Waits for an empty queue, of which the shortest counts. */
const TRIES = 2;

/**
 * Milliseconds until this side hears that the queue is through, with nothing in it: about one in Chrome, a hundred in Firefox, which looks
 * ten times a second. Submissions that are shorter are mostly waiting.
 */
export async function wakeUpMs({ gpu, failed }: Device): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i++) {
    const began = performance.now();
    gpu.queue.submit([]);
    await Promise.race([gpu.queue.onSubmittedWorkDone(), failed]);
    least = Math.min(least, performance.now() - began);
  }
  return least;
}
