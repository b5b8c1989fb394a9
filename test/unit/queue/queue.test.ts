import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { type Cell, cellsOf } from '../../../src/plan/cells.ts';
import { estimateSeconds } from '../../../src/plan/estimate.ts';
import { packsOf } from '../../../src/plan/packs.ts';
import { addressOf } from '../../../src/queue/address.ts';
import { SharedCheckpoints } from '../../../src/queue/checkpoints.ts';
import { Collector, type CollectorOptions, type FailedJob } from '../../../src/queue/collector.ts';
import { connectRedis } from '../../../src/queue/connection.ts';
import { queueName } from '../../../src/queue/names.ts';
import { openQueue, openWorker } from '../../../src/queue/queues.ts';
import type { CellResult } from '../../../src/queue/results.ts';
import { statusOf } from '../../../src/queue/status.ts';
import {
  type PackTrainer,
  QueueWorker,
  type WorkerOptions,
  type WorkerTotals,
} from '../../../src/queue/worker.ts';
import { showWorker } from '../../../src/queue/workers.ts';
import { InputError, MachineError } from '../../../src/shared/errors.ts';
import { fakeTrainer, madeUp } from '../../support/fake-trainer.ts';
import { TestRedis } from '../../support/redis.ts';

const ENGINE = 'abcdef012345';
const TEXT = `name: q
task: { kind: simple, omega: 1 }
model: { width: 8, mlpWidth: 8 }
train: { length: 4, steps: 10, batch: 8 }
test: { length: [8], sequences: 8 }
`;
const grid = (seeds: number): Cell[] =>
  cellsOf(parseExperiment(TEXT, 'q.yaml', [`seed=[${Array.from({ length: seeds }, (_, i) => i)}]`]));
/** Packs of one cell each. */
const ONE_EACH = 1e-9;

let server: TestRedis;
/** Closed after each test, the last one first. */
const open: (() => unknown)[] = [];
const closeAll = async () => {
  for (const close of open.splice(0).reverse()) await close();
};

beforeAll(async () => {
  server = await TestRedis.start();
});
beforeEach(async () => {
  await closeAll();
  const redis = server.client();
  await redis.flushall();
  redis.disconnect();
});
afterAll(async () => {
  await closeAll();
  await server?.remove();
});

async function connect() {
  const redis = await connectRedis(addressOf(server.url, {}), () => {});
  open.push(() => redis.disconnect());
  return redis;
}

interface Collection {
  /** Every cell kept, in order. */
  kept: string[];
  results: CellResult[];
  said: string[];
  failed: Promise<FailedJob[]>;
  stop(): void;
}

async function submit(cells: Cell[], options: Partial<CollectorOptions> = {}): Promise<Collection> {
  const [kept, results, said]: [string[], CellResult[], string[]] = [[], [], []];
  const collector = new Collector(
    await connect(),
    cells,
    {
      engine: ENGINE,
      version: '1',
      adapter: null,
      packMinutes: ONE_EACH,
      retry: false,
      pollMs: 20,
      auditMs: 200,
      ...options,
    },
    {
      say: line => said.push(line),
      standing: () => {},
      async keep({ hash }, result) {
        kept.push(hash);
        results.push(result);
      },
    },
  );
  open.push(() => collector.stop());
  const failed = collector.run();
  failed.catch(() => {});
  return { kept, results, said, failed, stop: () => collector.stop() };
}

interface Working {
  worker: QueueWorker;
  said: string[];
  ended: Promise<WorkerTotals>;
}

async function work(trainer: PackTrainer, options: Partial<WorkerOptions> = {}): Promise<Working> {
  const said: string[] = [];
  const worker = new QueueWorker(await connect(), trainer, {
    engine: ENGINE,
    version: '1',
    drain: false,
    lockMs: 2000,
    idleMs: 20,
    say: line => said.push(line),
    ...options,
  });
  open.push(() => worker.stop());
  const ended = worker.run();
  ended.catch(() => {});
  return { worker, said, ended };
}

const until = async (what: () => boolean | Promise<boolean>) => {
  for (let waited = 0; !(await what()); waited += 20) {
    if (waited > 20_000) throw new Error('waited for 20 s');
    await sleep(20);
  }
};

const hashesOf = (cells: Cell[]) => cells.map(({ hash }) => hash).sort();

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
    const redis = server.client();
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
    const redis = server.client();
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
  const cells = cellsOf(
    parseExperiment(TEXT, 'q.yaml', [
      'train.steps=1000000',
      `seed=[${Array.from({ length: 24 }, (_, i) => i)}]`,
    ]),
  );
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
    return jobs.map(({ data }) => data.plannedSeconds);
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
  const rates = { finished: 1, failed: 0, sequencesPerSecond: 1 };
  for (const [id, speed] of [
    ['one', 2],
    ['two', 0.5],
    ['three', null],
  ] as const)
    await showWorker(redis, { ...worker, ...rates, id, speed });
  expect(await jobsOf(1e6)).toHaveLength(3);
  // Half as fast as planned: a job of so many minutes is planned for half of them.
  const minutes = total / 60 / 6;
  const jobs = await jobsOf(minutes);
  expect(jobs).toHaveLength(12);
  for (const seconds of jobs) expect(seconds / 0.5).toBeLessThanOrEqual(60 * minutes * (1 + 1e-9));
});

describe('a worker', () => {
  test('that goes away without a word gives its job back, with its checkpoints', async () => {
    const cells = grid(1);
    const sweep = await submit(cells);
    await until(() => sweep.said.length > 0);
    const lost = await openWorker(await connect(), queueName(ENGINE, null), { lockMs: 400, worker: 'lost' });
    open.push(() => lost.close(true));
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

  test('keeps a job of many lock times', async () => {
    const sweep = await submit(grid(1));
    let trained = 0;
    const slow = fakeTrainer(async () => {
      trained++;
      await sleep(2000);
    });
    await Promise.all([work(slow, { lockMs: 400 }), work(slow, { lockMs: 400 })]);
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
    open.push(() => queue.close());
    await queue.add('pack', { engine: ENGINE, pack: { run: 'process.exit()' } } as never, { jobId: 'bad' });
    const { ended, said } = await work(fakeTrainer(), { drain: true });
    expect(await ended).toMatchObject({ finished: 0, failed: 1 });
    expect(said.join()).toMatch(/job bad failed: its payload is no pack: pack\.model/);
    expect(await queue.getJobState('bad')).toBe('failed');
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
    const redis = server.client();
    let trained = 0;
    const { said } = await work(
      fakeTrainer(async () => {
        if (trained++ > 0) return;
        await redis.config('SET', 'maxmemory', '1');
        setTimeout(() => redis.config('SET', 'maxmemory', '0'), 1000);
      }),
      { lockMs: 120_000 },
    );
    expect(await sweep.failed).toEqual([]);
    redis.disconnect();
    expect(said.join()).toMatch(/Redis is full/);
    expect(sweep.kept).toHaveLength(3);
  });
});

test('what a result must be is checked where it arrives', async () => {
  const cells = grid(1);
  const sweep = await submit(cells);
  await until(() => sweep.said.length > 0);
  const trainer = fakeTrainer();
  trainer.train = async (pack, { onCells }) => {
    const redis = server.client();
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
