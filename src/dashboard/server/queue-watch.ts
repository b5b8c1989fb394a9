import type { Redis } from 'ioredis';
import { statusOf } from '../../queue/status.ts';
import { liveWorkerSchema } from '../../results/live.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Library } from './library.ts';

/** Time between two questions to a queue. */
const ASK_MS = 2000;

/** Has a library know a queue's workers and failures. Returns what ends it. */
export function watchQueue(redis: Redis, library: Library): () => void {
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const ask = async () => {
    try {
      const { queues, workers } = await statusOf(redis);
      library.setQueue({
        workers: workers.map(note => liveWorkerSchema.parse(note)),
        failures: queues.flatMap(({ failures }) => failures),
        problem: null,
      });
    } catch (error) {
      library.setQueue({ workers: [], failures: [], problem: messageOf(error) });
    }
    if (!ended) timer = setTimeout(ask, ASK_MS);
  };
  void ask();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
