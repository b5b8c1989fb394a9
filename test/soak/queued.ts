import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestRedis } from '../support/redis.ts';
import { harmEngine } from './local.ts';
import { signal } from './processes.ts';
import { Program } from './program.ts';
import type { SweepName } from './sweeps.ts';
import type { Random, Tally } from './tally.ts';

const WORKERS = 3;
/** Faults of one sweep. */
const FAULTS = 8;
/** Seconds after which a silent worker's job goes to another. */
const LOCK_SECONDS = 4;
const DEADLINE_MS = 600_000;

/** `submit` and workers, all disturbed, and their Redis, until everything is home. Returns the folder that was written. */
export async function queuedSweep(
  cwd: string,
  sweep: SweepName,
  random: Random,
  tally: Tally,
): Promise<string> {
  const out = join(cwd, `${sweep}-queue-${tally.sweeps}`);
  mkdirSync(out);
  const redis = await TestRedis.start({ settings: ['--appendonly', 'yes', '--appendfsync', 'everysec'] });
  const queue = () => ['--queue', redis.url];
  const startSubmit = () =>
    new Program(['submit', `${sweep}.yaml`, '--out', out, '--pack-minutes', '0.02', ...queue()], cwd);
  const engine = ['--runtime', 'dawn', '--adapter', 'software', '--stall', '6'];
  const startWorker = () =>
    new Program(['worker', ...engine, '--lock', String(LOCK_SECONDS), ...queue()], cwd);
  let submit = startSubmit();
  const workers = Array.from({ length: WORKERS }, startWorker);
  const began = performance.now();
  const restart = async (program: Program, start: () => Program): Promise<Program> => {
    await program.destroy();
    await program.leavesNothing();
    return start();
  };
  try {
    for (let faults = 0; ; ) {
      await submit.wait(faults < FAULTS ? random.between(500, 7000) : 5000);
      if (performance.now() - began > DEADLINE_MS) throw new Error(`hangs\n${submit.lastLines()}`);
      for (const [i, worker] of workers.entries()) {
        if (worker.exit) {
          // A worker that lost Redis at its start, or found that jobs fail here.
          if (worker.exit.code !== 1) throw new Error(`worker ended: ${worker.lastLines()}`);
          workers[i] = startWorker();
        }
      }
      if (submit.exit) {
        if (submit.exit.code !== 0) throw new Error(`submit: ${submit.exit.code}\n${submit.lastLines()}`);
        return out;
      }
      if (faults >= FAULTS) continue;
      faults++;
      const i = Math.floor(random.between(0, WORKERS));
      const kind = random.pick(['worker', 'worker', 'engine', 'pause', 'submit', 'redis', 'stop', 'wipe']);
      switch (kind) {
        case 'worker':
          tally.fault('SIGKILL worker');
          workers[i]!.signal('SIGKILL');
          workers[i] = await restart(workers[i]!, startWorker);
          break;
        case 'engine':
          if (!harmEngine(workers[i]!, 'dawn', random, tally)) faults--;
          break;
        case 'pause':
          // Long enough for its job to go to another, and be handed in twice.
          tally.fault('SIGSTOP worker, beyond its lock');
          workers[i]!.signal('SIGSTOP');
          await sleep(2000 * LOCK_SECONDS);
          workers[i]!.signal('SIGCONT');
          break;
        case 'submit':
          tally.fault('SIGKILL submit');
          submit.signal('SIGKILL');
          submit = await restart(submit, startSubmit);
          break;
        case 'redis':
          tally.fault('SIGKILL Redis');
          await redis.kill();
          await sleep(random.between(0, 3000));
          await redis.up();
          break;
        case 'stop':
          tally.fault('SIGSTOP Redis');
          signal(redis.pid, 'SIGSTOP');
          await sleep(random.between(1000, 6000));
          signal(redis.pid, 'SIGCONT');
          break;
        case 'wipe':
          tally.fault('Redis lost, an empty one in its place');
          await redis.replace();
          break;
      }
    }
  } catch (error) {
    const said = workers.map((worker, i) => `worker ${i}: ${worker.lastLines()}`).join('\n');
    throw new Error(`${(error as Error).message}\n${said}`);
  } finally {
    await Promise.all([submit, ...workers].map(program => program.destroy()));
    await redis.remove();
  }
}
