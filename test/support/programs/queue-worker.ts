import { setTimeout as sleep } from 'node:timers/promises';
import { addressOf } from '../../../src/queue/address.ts';
import { connectRedis } from '../../../src/queue/connection.ts';
import { QueueWorker } from '../../../src/queue/worker.ts';
import { fakeTrainer } from '../fake-trainer.ts';

/** A worker that trains nothing, in `ms` each: `queue-worker <redis> <engine> <ms> <lock ms>`. */
const [url, engine, ms, lockMs] = process.argv.slice(2) as [string, string, string, string];
const redis = await connectRedis(addressOf(url), () => {});
const trainer = fakeTrainer(() => sleep(Number(ms)));
await new QueueWorker(redis, trainer, {
  engine,
  version: '1',
  drain: false,
  lockMs: Number(lockMs),
  idleMs: 20,
  say: () => {},
}).run();
