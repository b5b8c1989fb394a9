import { describe, expect, test } from 'vitest';
import { estimateSeconds } from '../../../src/plan/estimate.ts';
import { packsOf } from '../../../src/plan/packs.ts';
import { queueName } from '../../../src/queue/names.ts';
import { openQueue } from '../../../src/queue/queues.ts';
import { showWorker } from '../../../src/queue/workers.ts';
import { fakeTrainer, madeUp } from '../../support/fake-trainer.ts';
import { ENGINE, grid, hashesOf, until, useQueue } from '../../support/queue.ts';

const { client, connect, submit, work } = useQueue();

describe('a sweep in a queue', () => {
  test('every cell comes home once, as it was trained, and nothing stays in Redis', async () => {
    const cells = grid(20);
    const sweep = await submit(cells);
    await Promise.all([work(fakeTrainer()), work(fakeTrainer())]);
    expect(await sweep.failed).toEqual([]);
    expect([...sweep.kept].sort()).toEqual(hashesOf(cells));
    for (const result of sweep.results) {
      const seed = cells.find(({ hash }) => hash === result.outcome.cell)!.config.seed;
      expect(result.outcome.trainLoss).toBe(1 / (1 + seed + 4));
    }
    const redis = client();
    const left = await redis.keys('*');
    redis.disconnect();
    expect(left.filter(key => !key.startsWith('lengthwise:'))).toEqual([]);
    expect(left.filter(key => /:(result|checkpoint):|:pack-/.test(key))).toEqual([]);
  });

  test('a second submit adds nothing, and collects what the first left', async () => {
    const cells = grid(6);
    const first = await submit(cells);
    await until(() => first.said.length > 0);
    first.stop();
    await first.failed;
    let trained = 0;
    const { ended } = await work(
      fakeTrainer(() => trained++),
      { drain: true },
    );
    await ended;
    const second = await submit(cells);
    await second.failed;
    expect(second.said).toEqual(['6 jobs of these cells are queued already']);
    expect([...second.kept].sort()).toEqual(hashesOf(cells));
    expect(trained).toBe(6);
  });

  test('a pack that is cut anew after some of its cells came home is not queued beside what is queued', async () => {
    const cells = grid(8);
    const whole = await submit(cells, { packMinutes: 1000 });
    await until(() => whole.said.length > 0);
    expect(whole.said).toEqual(['queued 8 cells in 1 jobs']);
    whole.stop();
    await whole.failed;
    const rest = await submit(cells.slice(3));
    await until(() => rest.said.length > 0);
    expect(rest.said).toEqual(['1 jobs of these cells are queued already']);
    await work(fakeTrainer());
    await rest.failed;
    expect(rest.kept).toHaveLength(5);
  });

  test('Redis loses everything: what came home is not trained again, the rest is queued again', async () => {
    const cells = grid(10);
    const trained = new Map<string, number>();
    const gate = { after: 4, open: () => {} };
    const opened = new Promise<void>(resolve => {
      gate.open = resolve;
    });
    const sweep = await submit(cells);
    await work(
      fakeTrainer(async ({ replicas: [{ cell }] }) => {
        trained.set(cell, (trained.get(cell) ?? 0) + 1);
        if (trained.size > gate.after) await opened;
      }),
    );
    await until(() => sweep.kept.length === gate.after);
    const redis = client();
    await redis.flushall();
    redis.disconnect();
    gate.open();
    expect(await sweep.failed).toEqual([]);
    expect([...sweep.kept].sort()).toEqual(hashesOf(cells));
    expect(sweep.said.join('\n')).toMatch(/Redis has lost \d+ jobs/);
    // The cell in work was handed in although its job was gone, and was not trained twice.
    expect([...trained.values()]).toEqual(cells.map(() => 1));
  });
});

test('a job is as long as it may be on the slowest worker, and every worker has one', async () => {
  const cells = grid(24, 'train.steps=1000000');
  const total = packsOf(cells).reduce((sum, { pack }) => sum + estimateSeconds(pack), 0);
  const redis = await connect();
  const jobsOf = async (packMinutes: number) => {
    const sweep = await submit(cells, { packMinutes });
    await until(() => sweep.said.length > 0);
    sweep.stop();
    await sweep.failed;
    const queue = openQueue(redis, queueName(ENGINE, null));
    const jobs = await queue.getWaiting();
    await queue.obliterate({ force: true });
    await queue.close();
    return jobs;
  };
  expect(await jobsOf(1e6)).toHaveLength(1);
  const worker = {
    host: 'h',
    pid: 1,
    engine: ENGINE,
    version: '1',
    runtime: 'r',
    adapter: 'a',
    state: 'idle',
  } as const;
  const rates = { finished: 1, failed: 0, sequencesPerSecond: 1, word: null };
  for (const [id, speed] of [
    ['one', 2],
    ['two', 0.5],
    ['three', null],
  ] as const)
    await showWorker(redis, { ...worker, ...rates, id, speed });
  expect(await jobsOf(1e6)).toHaveLength(3);
  // Half as fast as planned: twice as many jobs as the minutes alone would make.
  expect(await jobsOf(total / 60 / 6)).toHaveLength(12);
});

test('what a result must be is checked where it arrives', async () => {
  const cells = grid(1);
  const sweep = await submit(cells);
  await until(() => sweep.said.length > 0);
  const trainer = fakeTrainer();
  trainer.train = async (pack, { onCells }) => {
    const redis = client();
    await onCells([madeUp(pack, 0)]);
    const key = `lengthwise:result:${queueName(ENGINE, null)}:${cells[0]!.hash}`;
    await redis.set(key, '{"outcome":{}}');
    redis.disconnect();
  };
  await work(trainer);
  expect(await sweep.failed).toMatchObject([
    { reason: expect.stringMatching(/^the result of cell \w+: outcome\.cell: /) },
  ]);
});
