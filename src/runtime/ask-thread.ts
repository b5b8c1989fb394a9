import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';

/**
 * Says something to a thread that answers each message with one, and hears the answer.
 * @throws Error when the thread ends before it answers, out of memory for example
 */
export async function askThread<Answer>(worker: Worker, question: unknown): Promise<Answer> {
  const over = new AbortController();
  const { signal } = over;
  try {
    worker.postMessage(question);
    return await Promise.race([
      once(worker, 'message', { signal }).then(([answer]) => answer as Answer),
      once(worker, 'exit', { signal }).then(() => Promise.reject(new Error('its thread ended'))),
    ]);
  } finally {
    over.abort();
  }
}
