import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type PlannedPack, packsOf } from '../../../src/plan/packs.ts';
import { SharedCheckpoints } from '../../../src/queue/checkpoints.ts';
import { queueName } from '../../../src/queue/names.ts';
import { openQueue, openWorker } from '../../../src/queue/queues.ts';
import { statusOf } from '../../../src/queue/status.ts';
import { EngineAway } from '../../../src/queue/worker.ts';
import { InputError, MachineError } from '../../../src/shared/errors.ts';
import { type DeviceTask, onDevice, type PackTask } from '../../../src/shared/task.ts';
import { fakeTrainer } from '../../support/fake-trainer.ts';
import { ENGINE, grid, hashesOf, until, useQueue } from '../../support/queue.ts';

const { atEnd, client, connect, submit, work } = useQueue();

describe('a worker', () => {
  test('that goes away without a word gives its job back, with its checkpoints', async () => {
    const cells = grid(1);
    const sweep = await submit(cells);
    await until(() => sweep.said.length > 0);
    const lost = await openWorker(await connect(), queueName(ENGINE, null), { lockMs: 400, worker: 'lost' });
    atEnd(() => lost.close(true));
    const job = await lost.getNextJob('token', { block: false });
    expect(job?.data.pack.replicas).toHaveLength(1);
    const checkpoints = new SharedCheckpoints(await connect(), queueName(ENGINE, null));
    await checkpoints.save(new Map([[cells[0]!.hash, Uint8Array.of(1, 2, 255)]]));
    let resumed: unknown;
    await work(
      fakeTrainer((_, { saved }) => {
        resumed = saved.get(cells[0]!.hash);
      }),
      { lockMs: 400 },
    );
    expect(await sweep.failed).toEqual([]);
    expect(resumed).toEqual(Buffer.of(1, 2, 255));
    expect(sweep.kept).toHaveLength(1);
  });

  test('keeps no more checkpoints in Redis than it may', async () => {
    const checkpoints = new SharedCheckpoints(await connect(), queueName(ENGINE, null));
    const large = new Uint8Array(40 * 2 ** 20);
    expect(await checkpoints.save(new Map([['aa', large]]))).toBe(true);
    expect(await checkpoints.save(new Map(['aa', 'bb'].map(cell => [cell, large])))).toBe(false);
    expect([...(await checkpoints.load(['aa', 'bb'])).keys()]).toEqual(['aa']);
    await checkpoints.remove(['aa', 'bb']);
    expect((await checkpoints.load(['aa'])).size).toBe(0);
  });

  test('that is stopped gives its job back at once', async () => {
    const sweep = await submit(grid(1));
    let begun = false;
    const { worker } = await work(
      fakeTrainer(async () => {
        begun = true;
        await new Promise(() => {});
      }),
      { lockMs: 120_000 },
    );
    await until(() => begun);
    await worker.stop();
    await work(fakeTrainer());
    expect(await sweep.failed).toEqual([]);
    expect(sweep.kept).toHaveLength(1);
  });

  test('whose engine is away gives its job back at once, which has not failed, and ends with that', async () => {
    const sweep = await submit(grid(1));
    const away = await work(
      fakeTrainer(() => {
        throw new EngineAway('no engine is there');
      }),
      { lockMs: 120_000 },
    );
    await expect(away.ended).rejects.toThrow(EngineAway);
    expect(away.worker.totals).toEqual({ finished: 0, failed: 0, cells: 0 });
    await work(fakeTrainer());
    expect(await sweep.failed).toEqual([]);
    expect(sweep.kept).toHaveLength(1);
  });

  test('keeps a job of many lock times', async () => {
    // Renewed four times as often, and a busy machine may be late.
    const lockMs = 1000;
    const sweep = await submit(grid(1));
    let trained = 0;
    const slow = fakeTrainer(async () => {
      trained++;
      await sleep(4 * lockMs);
    });
    await Promise.all([work(slow, { lockMs }), work(slow, { lockMs })]);
    expect(await sweep.failed).toEqual([]);
    expect(trained).toBe(1);
  });

  test('on which three jobs in a row fail that others finish takes no more, and says why', async () => {
    const cells = grid(30);
    const broken = await work(
      fakeTrainer(() => {
        throw new MachineError('the driver is broken');
      }),
    );
    const sound = await work(fakeTrainer(() => sleep(50)));
    const redis = await connect();
    await until(async () => (await statusOf(redis)).workers.length === 2);
    const sweep = await submit(cells);
    await expect(broken.ended).rejects.toThrow(
      /three jobs in a row failed here that other workers finished.*driver is broken.*takes no more/,
    );
    expect(await sweep.failed).toEqual([]);
    expect([...sweep.kept].sort()).toEqual(hashesOf(cells));
    expect(sound.said.filter(line => /failed/.test(line))).toEqual([]);
  });

  test('alone with jobs that fail tries them again, shows them, and goes on', async () => {
    const cells = grid(6);
    const bad = new Set(cells.slice(0, 4).map(({ hash }) => hash));
    const tries = new Map<string, number>();
    const { said } = await work(
      fakeTrainer(({ replicas: [{ cell }] }) => {
        tries.set(cell, (tries.get(cell) ?? 0) + 1);
        if (bad.has(cell)) throw new MachineError('no luck');
      }),
    );
    const sweep = await submit(cells);
    const failed = await sweep.failed;
    expect(failed.flatMap(job => job.cells).sort()).toEqual([...bad].sort());
    expect(failed.map(({ reason }) => reason)).toEqual(failed.map(() => 'no luck'));
    expect(sweep.kept).toHaveLength(2);
    for (const cell of bad) expect(tries.get(cell)).toBe(4);
    expect(said.filter(line => /failed: no luck/.test(line))).toHaveLength(16);
    const { queues } = await statusOf(await connect());
    expect(queues[0]!.jobs).toEqual({ waiting: 0, active: 0, completed: 0, failed: 4 });
    expect(queues[0]!.failures[0]).toMatchObject({ reason: 'no luck' });

    const again = await submit(cells.filter(({ hash }) => bad.has(hash)));
    expect(await again.failed).toHaveLength(4);
    bad.clear();
    const retried = await submit(cells.slice(0, 4), { retry: true });
    expect(await retried.failed).toEqual([]);
    expect(retried.kept).toHaveLength(4);
  });

  test('does not try again what will not pass', async () => {
    let tries = 0;
    await work(
      fakeTrainer(() => {
        tries++;
        throw new InputError('no such shape');
      }),
    );
    const sweep = await submit(grid(1));
    expect(await sweep.failed).toMatchObject([{ reason: 'no such shape' }]);
    expect(tries).toBe(1);
  });

  test('refuses a payload that is no pack', async () => {
    const queue = openQueue(await connect(), queueName(ENGINE, null));
    atEnd(() => queue.close());
    await queue.add('pack', { engine: ENGINE, pack: { run: 'process.exit()' } } as never, { jobId: 'bad' });
    const { ended, said } = await work(fakeTrainer(), { drain: true });
    expect(await ended).toMatchObject({ finished: 0, failed: 1 });
    expect(said.join()).toMatch(/job bad failed: its payload is no pack: pack\.model/);
    expect(await queue.getJobState('bad')).toBe('failed');
  });

  const SOURCE = 'f'.repeat(32);
  test.each<[string, (task: DeviceTask) => PackTask, RegExp]>([
    [
      'WGSL but what its own build makes of the task',
      task => ({ ...task, wgsl: `${task.wgsl} // more` }),
      /its task simple is not the one that this worker has/,
    ],
    [
      'WGSL of a plug-in that it was not given',
      task => ({ ...task, name: './mine.ts', plugIn: SOURCE }),
      /the task \.\/mine\.ts is a plug-in whose source f{32} is not here/,
    ],
    [
      'plug-in in its threads that it was not given',
      ({ classes, law }) => {
        const { wgsl: _, scratchWords: __, ...drawn } = law;
        return { source: 'threads', name: './mine.ts', plugIn: SOURCE, classes, law: drawn };
      },
      /the task \.\/mine\.ts is a plug-in whose source f{32} is not here/,
    ],
  ])('runs no %s', async (_, change, message) => {
    const [{ pack }] = packsOf(grid(1)) as [PlannedPack];
    const task = change(onDevice(pack.task));
    const job = { engine: ENGINE, pack: { ...pack, task }, plannedSeconds: 1, failedBy: [] };
    const queue = openQueue(await connect(), queueName(ENGINE, null));
    atEnd(() => queue.close());
    await queue.add('pack', job, { jobId: 'foreign' });
    const { ended, said } = await work(fakeTrainer(), { drain: true });
    expect(await ended).toMatchObject({ finished: 0, failed: 1 });
    expect(said.join()).toMatch(/job foreign failed: /);
    expect(said.join()).toMatch(message);
  });

  test('of another build takes no job, and says which build is wanted', async () => {
    const { said } = await work(fakeTrainer(), { engine: '00ffee00ffee', version: '2' });
    const sweep = await submit(grid(2));
    await until(() => said.length > 0);
    expect(said).toEqual([
      '2 jobs wait for engine abcdef012345 of lengthwise 1; this build, 2, has engine 00ffee00ffee and takes none of ' +
        'them. Install here the build that submitted them: the same commit, then npm ci and npm run build.',
    ]);
    expect(sweep.kept).toEqual([]);
  });

  test('on another adapter leaves a sweep alone that asks for one kind', async () => {
    const cells = grid(8);
    const ran: string[] = [];
    const note = (name: string) => () => {
      ran.push(name);
    };
    await work(fakeTrainer(note('one'), 'one'));
    await work(fakeTrainer(note('two'), 'two'));
    const sweep = await submit(cells, { adapter: 'two' });
    expect(await sweep.failed).toEqual([]);
    expect(ran).toEqual(cells.map(() => 'two'));
  });

  test('is seen, with its adapter and its rate', async () => {
    const sweep = await submit(grid(3));
    const { worker, ended } = await work(fakeTrainer());
    await sweep.failed;
    const redis = await connect();
    await until(async () => (await statusOf(redis)).workers[0]?.finished === 3);
    const { workers, queues } = await statusOf(redis);
    expect(workers).toMatchObject([{ adapter: 'none, made up', engine: ENGINE, state: 'idle', failed: 0 }]);
    expect(workers[0]!.sequencesPerSecond).toBeGreaterThan(0);
    expect(queues).toMatchObject([{ engine: ENGINE, version: '1', adapter: null }]);
    await worker.stop();
    await ended;
    expect((await statusOf(redis)).workers).toEqual([]);
  });

  test('waits where Redis is full, and loses nothing', async () => {
    const cells = grid(3);
    const sweep = await submit(cells);
    await until(() => sweep.said.length > 0);
    const redis = client();
    let trained = 0;
    const { said } = await work(
      fakeTrainer(async () => {
        if (trained++ > 0) return;
        await redis.config('SET', 'maxmemory', '1');
      }),
      { lockMs: 120_000 },
    );
    await until(() => /Redis is full/.test(said.join()));
    await redis.config('SET', 'maxmemory', '0');
    redis.disconnect();
    expect(await sweep.failed).toEqual([]);
    expect(sweep.kept).toHaveLength(3);
  });
});
