import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { parseExperiment } from '../../src/config/experiment.ts';
import { type Cell, cellsOf } from '../../src/plan/cells.ts';
import { addressOf } from '../../src/queue/address.ts';
import {
  Collector,
  type CollectorEvents,
  type CollectorOptions,
  type FailedJob,
} from '../../src/queue/collector.ts';
import { connectRedis } from '../../src/queue/connection.ts';
import type { CellResult } from '../../src/queue/results.ts';
import {
  type PackTrainer,
  QueueWorker,
  type WorkerOptions,
  type WorkerTotals,
} from '../../src/queue/worker.ts';
import { TestRedis } from './redis.ts';
import { RedisProxy } from './redis-proxy.ts';
import { UNWATCHED } from './unwatched.ts';

/** The build that everybody here is, unless a test says otherwise. */
export const ENGINE = 'abcdef012345';

const TEXT = `name: q
task: { kind: simple, omega: 1 }
model: { width: 8, mlpWidth: 8 }
train: { length: 4, steps: 10, batch: 8 }
test: { length: [8], sequences: 8 }
`;

/** Cells of one shape, by their seeds. */
export const grid = (seeds: number, ...set: string[]): Cell[] =>
  cellsOf(
    parseExperiment(TEXT, 'q.yaml', [
      'streams=paired',
      ...set,
      `seed=[${Array.from({ length: seeds }, (_, i) => i)}]`,
    ]),
  );

/** Packs of one cell each. */
const ONE_EACH = 1e-9;

export const hashesOf = (cells: Cell[]) => cells.map(({ hash }) => hash).sort();

/** Waits for something that must come to be. */
export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await what()); waited += 20) {
    if (waited > 60_000) throw new Error('waited for a minute');
    await sleep(20);
  }
}

/** What a sweep has collected so far. */
export interface Collection {
  /** Every cell kept, in order. */
  kept: string[];
  results: CellResult[];
  said: string[];
  failed: Promise<FailedJob[]>;
  stop(): void;
}

/** A worker of this process. */
export interface Working {
  worker: QueueWorker;
  said: string[];
  ended: Promise<WorkerTotals>;
}

/** An empty Redis for each test of a file, and who works on it. */
export function useQueue() {
  let server: TestRedis;
  /** Closed before the next test, the last one first. */
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

  async function connect(url = server.url) {
    const redis = await connectRedis(addressOf(url, {}), () => {});
    open.push(() => redis.disconnect());
    return redis;
  }

  async function submit(
    cells: Cell[],
    options: Partial<CollectorOptions> = {},
    events: Partial<CollectorEvents> = {},
  ): Promise<Collection> {
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
        ...UNWATCHED,
        say: line => said.push(line),
        async keep({ hash }, result) {
          kept.push(hash);
          results.push(result);
        },
        ...events,
      },
    );
    open.push(() => collector.stop());
    const failed = collector.run();
    failed.catch(() => {});
    return { kept, results, said, failed, stop: () => collector.stop() };
  }

  /** `url`: by what way the worker reaches Redis, if not straight. */
  async function work(
    trainer: PackTrainer,
    options: Partial<WorkerOptions> = {},
    url?: string,
  ): Promise<Working> {
    const said: string[] = [];
    const worker = new QueueWorker(await connect(url), trainer, {
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

  return {
    connect,
    submit,
    work,
    /** Something in front of Redis that breaks connections. */
    async proxy() {
      const proxy = await RedisProxy.start(server.socket);
      open.push(() => proxy.close());
      return proxy;
    },
    /** Closes something before the next test begins. */
    atEnd: (close: () => unknown) => open.push(close),
    /** A client of the tests' own. */
    client: () => server.client(),
  };
}
