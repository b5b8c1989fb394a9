import { ENGINE_HASH } from '../plan/engine-hash.ts';
import { addressOf } from '../queue/address.ts';
import { otherBuildWanted } from '../queue/build.ts';
import { connectRedis } from '../queue/connection.ts';
import { sessionTrainer } from '../queue/session-trainer.ts';
import { QueueWorker } from '../queue/worker.ts';
import { onStop } from '../runtime/session.ts';
import { Engines } from './machine.ts';
import { type MachineOptions, version } from './options.ts';
import { log, print, printJson } from './output.ts';

export interface WorkerCommandOptions extends MachineOptions {
  queue?: string;
  drain: boolean;
  /** Seconds after which a job whose worker gives no sign is up for others. */
  lock: number;
  json: boolean;
}

/** `lengthwise worker`: takes packs from a queue, trains them here, and hands their cells in. */
export async function worker(options: WorkerCommandOptions): Promise<void> {
  const address = addressOf(options.queue);
  const build = { engine: ENGINE_HASH, version };
  const engines = new Engines(options, 'jobs of a queue', log);
  const redis = await connectRedis(address, log);
  try {
    // Before an engine is started for nothing.
    const other = await otherBuildWanted(redis, build);
    if (other && !other.isKnown) throw other.error;
    const trainer = await sessionTrainer({
      adapter: options.adapter,
      engine: ENGINE_HASH,
      open: () => engines.open(),
      say: log,
    });
    try {
      const { drain, lock } = options;
      const own = new QueueWorker(redis, trainer, { ...build, drain, lockMs: 1000 * lock, say: log });
      const forget = onStop('release', async () => {
        await own.stop();
        return 'What was in work is back in the queue.';
      });
      log(`worker ${own.id}: ${trainer.adapter} in ${trainer.runtime}; jobs from ${address.label}`);
      const totals = await own.run();
      forget();
      if (options.json) printJson({ worker: own.id, adapter: trainer.adapter, ...totals });
      else print(`${totals.cells} cells in ${totals.finished} jobs; ${totals.failed} jobs failed here.`);
    } finally {
      await trainer.close();
    }
  } finally {
    await engines.close();
    redis.disconnect();
  }
}
