import { ENGINE_HASH } from '../plan/engine-hash.ts';
import { addressOf } from '../queue/address.ts';
import { otherBuildWanted } from '../queue/build.ts';
import { connectRedis } from '../queue/connection.ts';
import { sessionTrainer } from '../queue/session-trainer.ts';
import { EngineAway, QueueWorker, type WorkerTotals } from '../queue/worker.ts';
import { onStop } from '../runtime/session.ts';
import { Engines } from './machine.ts';
import { type MachineOptions, version } from './options.ts';
import { log, print, printJson } from './output.ts';

export interface WorkerCommandOptions extends MachineOptions {
  queue?: string;
  drain: boolean;
  /** Modules of tasks that jobs may name. */
  task: string[];
  /** Seconds after which a job whose worker gives no sign is up for others. */
  lock: number;
  json: boolean;
}

/** `lengthwise worker`: takes packs from a queue, trains them here, and hands their cells in. */
export async function worker(options: WorkerCommandOptions): Promise<void> {
  const address = addressOf(options.queue);
  const build = { engine: ENGINE_HASH, version };
  const engines = new Engines(options, 'jobs of a queue', log, { checked: options.task.length > 0 });
  const redis = await connectRedis(address, log);
  try {
    // Before an engine is started for nothing.
    const other = await otherBuildWanted(redis, build);
    if (other && !other.isKnown) throw other.error;
    const { adapter, drain, lock } = options;
    const all: WorkerTotals = { finished: 0, failed: 0, cells: 0 };
    for (let last = false; !last; ) {
      // Through the worker once there is one, so that whoever watches the queue hears it, too.
      let say = log;
      const trainer = await sessionTrainer({
        ...{ adapter, engine: ENGINE_HASH, say: line => say(line) },
        open: () => engines.open(),
        mustWait: () => engines.mustWait,
      });
      const own = new QueueWorker(redis, trainer, { ...build, drain, lockMs: 1000 * lock, say: log });
      say = line => own.say(line);
      const forget = onStop('release', async () => {
        await own.stop();
        return 'What was in work is back in the queue.';
      });
      log(`worker ${own.id}: ${trainer.adapter} in ${trainer.runtime}; jobs from ${address.label}`);
      try {
        await own.run();
        last = true;
      } catch (error) {
        if (!(error instanceof EngineAway)) throw error;
        log(`${error.message}: what was in work is back in the queue`);
      } finally {
        forget();
        await trainer.close();
      }
      for (const what of ['finished', 'failed', 'cells'] as const) all[what] += own.totals[what];
      if (!last) continue;
      if (options.json) printJson({ worker: own.id, adapter: trainer.adapter, ...all });
      else print(`${all.cells} cells in ${all.finished} jobs; ${all.failed} jobs failed here.`);
    }
  } finally {
    await engines.close();
    redis.disconnect();
  }
}
