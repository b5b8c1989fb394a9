import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { packsOf } from '../../../src/plan/packs.ts';
import { addressOf } from '../../../src/queue/address.ts';
import { Collector } from '../../../src/queue/collector.ts';
import { connectRedis } from '../../../src/queue/connection.ts';
import type { CellResult } from '../../../src/queue/results.ts';
import { madeUp } from '../../support/fake-trainer.ts';
import { buildProgram } from '../../support/program.ts';
import { TestRedis } from '../../support/redis.ts';
import { UNWATCHED } from '../../support/unwatched.ts';

const JOBS = 200;
const WORKERS = 3;
/** Time of a job, and after which a killed worker's job goes to another, in milliseconds. */
const [JOB_MS, LOCK_MS] = [20, 1000];
const ENGINE = 'abcdef012345';
const TEXT = `name: q
task: { kind: simple, omega: 1 }
model: { width: 8, mlpWidth: 8 }
train: { length: 4, steps: 10, batch: 8 }
test: { length: [8], sequences: 8 }
seed: [${Array.from({ length: JOBS }, (_, i) => i)}]
`;

test('200 jobs, three workers of which one is killed again and again, Redis killed twice: every cell once', async () => {
  const program = await buildProgram('queue-worker');
  const server = await TestRedis.start({ settings: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  const start = (): ChildProcess =>
    spawn(process.execPath, [program, server.url, ENGINE, String(JOB_MS), String(LOCK_MS)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  const kill = async (worker: ChildProcess) => {
    if (worker.exitCode !== null || worker.signalCode !== null) return;
    const gone = once(worker, 'exit');
    worker.kill('SIGKILL');
    await gone;
  };
  const workers = Array.from({ length: WORKERS }, start);
  const redis = await connectRedis(addressOf(server.url, {}), () => {});
  try {
    const cells = cellsOf(parseExperiment(TEXT, 'q.yaml'));
    const kept = new Map<string, CellResult[]>();
    /** Cells that are kept when a worker is killed next: nothing more is kept before, however slow a machine is to kill and start. */
    let next = 8;
    const collector = new Collector(
      redis,
      cells,
      {
        engine: ENGINE,
        version: '1',
        adapter: null,
        packMinutes: 1e-9,
        retry: false,
        pollMs: 100,
        auditMs: 2000,
      },
      {
        ...UNWATCHED,
        async keep({ hash }, result) {
          kept.set(hash, [...(kept.get(hash) ?? []), result]);
          while (kept.size >= next) await sleep(5);
        },
      },
    );
    let ended = false;
    const failed = collector.run().finally(() => {
      ended = true;
    });
    let [kills, crashes] = [0, 0];
    // By progress rather than by the clock, so that a slow machine is not kept from making any.
    while (!ended) {
      await sleep(5);
      if (kept.size < next) continue;
      const i = kills % WORKERS;
      await kill(workers[i]!);
      kills++;
      if (crashes < 2 && kills % 4 === 0) {
        crashes++;
        await server.kill();
        await sleep(200);
        await server.up();
      }
      workers[i] = start();
      next += 16;
    }
    expect(await failed).toEqual([]);
    expect({ kills, crashes }).toEqual({ kills: 13, crashes: 2 });
    expect([...kept.keys()].sort()).toEqual(cells.map(({ hash }) => hash).sort());
    for (const cell of cells) {
      const plain = madeUp(packsOf([cell])[0]!.pack, 0);
      expect(kept.get(cell.hash)).toEqual([plain]);
    }
  } finally {
    redis.disconnect();
    for (const worker of workers) await kill(worker);
    await server.remove();
  }
});
