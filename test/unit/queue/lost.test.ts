import { describe, expect, test } from 'vitest';
import { liveWorkers, type WorkerNote } from '../../../src/queue/workers.ts';
import { fakeTrainer } from '../../support/fake-trainer.ts';
import { grid, hashesOf, useQueue } from '../../support/queue.ts';
import type { Break } from '../../support/redis-proxy.ts';

const { connect, proxy, submit, work } = useQueue();

/** Characters of what a worker sends at a point of a job's life. */
const COMMANDS = {
  'taking a job': ':marker',
  'handing a cell in': '"outcome"',
  'dropping checkpoints': '\r\ndel\r\n',
  'ending the job': ':completed',
};

describe('a worker that loses Redis', () => {
  test.each(
    Object.keys(COMMANDS).flatMap(point => (['request', 'reply'] as Break[]).map(at => ({ point, at }))),
  )('at the $at of $point waits for it', async ({ point, at }) => {
    const cells = grid(3);
    const way = await proxy();
    const sweep = await submit(cells);
    let jobs = 0;
    const command = COMMANDS[point as keyof typeof COMMANDS];
    const { worker, ended } = await work(
      fakeTrainer(() => {
        if (++jobs === 1) way.breakAt(at, command);
      }),
      {},
      way.url,
    );
    expect(await Promise.race([sweep.failed, ended])).toEqual([]);
    expect([...sweep.kept].sort()).toEqual(hashesOf(cells));
    expect(way.isBroken).toBe(true);
    await worker.stop();
    await expect(ended).resolves.toMatchObject({ failed: 0 });
  });

  test('before it has begun waits for it', async () => {
    const cells = grid(2);
    const way = await proxy();
    const sweep = await submit(cells);
    const { worker, ended } = await work(fakeTrainer(), {}, way.url);
    // Its first connection is made, and those that BullMQ makes of it are not yet.
    way.breakAt('connect', '', 3);
    expect(await Promise.race([sweep.failed, ended])).toEqual([]);
    expect([...sweep.kept].sort()).toEqual(hashesOf(cells));
    expect(way.isBroken).toBe(true);
    await worker.stop();
    await expect(ended).resolves.toMatchObject({ failed: 0 });
  });

  test('while it is coming back hears all the same who is there', async () => {
    const way = await proxy();
    const redis = await connect(way.url);
    const asked = new Promise<WorkerNote[]>((resolve, reject) => {
      redis.once('connect', () => {
        way.breakAt('request', 'SETINFO');
        liveWorkers(redis).then(resolve, reject);
      });
    });
    way.breakAt('request', 'ping');
    await redis.ping();
    expect(await asked).toEqual([]);
    expect(way.isBroken).toBe(true);
  });
});
