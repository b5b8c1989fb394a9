import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet, LOCK_SECONDS } from './fleet.ts';
import { harmEngine } from './local.ts';
import { signal } from './processes.ts';
import type { Random, Tally } from './tally.ts';

/** Faults of one sweep. */
const FAULTS = 8;
const DEADLINE_MS = 600_000;
const POLL_MS = 1000;

/** Does something to a fleet until everything came home. Throws, with what was said last, when that does not come about. */
async function until(fleet: Fleet, deadlineMs: number, work: () => Promise<void>): Promise<void> {
  const began = performance.now();
  try {
    while (!fleet.isDone()) {
      if (performance.now() - began > deadlineMs) throw new Error(`hangs for ${deadlineMs / 1000} s`);
      await work();
    }
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${fleet.lastLines()}`);
  } finally {
    await fleet.close();
  }
}

/** A sweep over several workers, all disturbed, and `submit` and their Redis. Returns the folder that was written. */
export async function queuedSweep(cwd: string, sweep: string, random: Random, tally: Tally): Promise<string> {
  const out = join(cwd, `${sweep}-queue-${tally.sweeps}`);
  const fleet = await Fleet.start(cwd, sweep, out, '0.02');
  const { redis, workers } = fleet;
  let faults = 0;
  await until(fleet, DEADLINE_MS, async () => {
    await fleet.submit.wait(faults < FAULTS ? random.between(500, 7000) : POLL_MS);
    if (faults >= FAULTS || fleet.submit.exit) return;
    faults++;
    const i = Math.floor(random.between(0, workers.length));
    switch (random.pick(['worker', 'worker', 'engine', 'pause', 'submit', 'redis', 'stop', 'wipe'])) {
      case 'worker':
        tally.fault('SIGKILL worker');
        await fleet.killWorker(i);
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
        await fleet.killSubmit();
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
  });
  return out;
}

const KILL_EVERY_MS = 4000;
const KILL_DEADLINE_MS = 3_600_000;

/**
 * The queue's test of `docs/sweeps.md`: one cell a job, three workers, one of them killed every few seconds once it has begun, Redis killed
 * and restarted twice. Returns the folder that was written.
 */
export async function killedSweep(cwd: string, sweep: string, cells: number, tally: Tally): Promise<string> {
  const out = join(cwd, `${sweep}-killed`);
  const fleet = await Fleet.start(cwd, sweep, out, '1e-9');
  let [kills, crashes] = [0, 0];
  await until(fleet, KILL_DEADLINE_MS, async () => {
    await fleet.submit.wait(KILL_EVERY_MS);
    const collected = Number([...fleet.submit.said.matchAll(/(\d+)\/\d+ cells/g)].at(-1)?.[1] ?? 0);
    if (fleet.submit.exit) return;
    if (crashes < 2 && collected >= ((crashes + 1) * cells) / 3) {
      crashes++;
      tally.fault('SIGKILL Redis');
      await fleet.redis.kill();
      await sleep(1000);
      await fleet.redis.up();
    }
    // One that is still starting would never come to anything on a slow machine.
    const i = kills % fleet.workers.length;
    if (!/job pack-/.test(fleet.workers[i]!.said)) return;
    kills++;
    tally.fault('SIGKILL worker');
    await fleet.killWorker(i);
  });
  return out;
}
