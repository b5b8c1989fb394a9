import { expect, test } from 'vitest';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { LiveState } from '../../../src/dashboard/server/live-state.ts';
import { ENGINE_HASH } from '../../../src/plan/engine-hash.ts';
import type { JobProgress } from '../../../src/queue/job-progress.ts';
import { submitSweep } from '../../../src/queue/submit.ts';
import type { PackHooks } from '../../../src/queue/worker.ts';
import { liveWorkers } from '../../../src/queue/workers.ts';
import { FollowedLive } from '../../../src/results/live.ts';
import { InputError } from '../../../src/shared/errors.ts';
import type { Pack } from '../../../src/shared/protocol.ts';
import { emptyFolder } from '../../support/cli.ts';
import { fakeTrainer } from '../../support/fake-trainer.ts';
import { grid, until, useQueue } from '../../support/queue.ts';

const { connect, submit, work } = useQueue();

/** A gate that somebody opens. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return { open, opened };
}

/** Has a worker tell that a step is trained, its loss the step's inverse. */
function step(at: number, pack: Pack, { onProgress }: PackHooks): void {
  onProgress(
    {
      event: 'progress',
      phase: 'train',
      done: at,
      total: pack.steps,
      sequencesPerSecond: 100,
      curve: [{ step: at, losses: pack.replicas.map(() => 1 / at) }],
    },
    pack,
  );
}

function tested(length: number, pack: Pack, { onTested }: PackHooks): void {
  const all = (value: number) => pack.replicas.map(() => value);
  onTested({ length, losses: all(0.5), stderrs: all(0.25) }, pack);
}

/** What a collector heard, a line each. */
function listening() {
  const heard: string[] = [];
  const told: JobProgress[] = [];
  return {
    heard,
    told,
    events: {
      progress(job: number, cells: string[], progress: JobProgress) {
        told.push(progress);
        heard.push(`${job}: ${cells.length} cells at ${progress.done}`);
      },
      left: (job: number) => void heard.push(`${job} left`),
      lost: ({ reason }: { reason: string }) => void heard.push(`lost: ${reason}`),
    },
  };
}

test('what a worker tells comes home while it trains: points of curves once each, and test lengths', async () => {
  const { told, events } = listening();
  const cells = grid(3);
  const sweep = await submit(cells, { packMinutes: 1000 }, events);
  const [trained, ended] = [gate(), gate()];
  const { worker } = await work(
    fakeTrainer(async (pack, hooks) => {
      step(1, pack, hooks);
      step(2, pack, hooks);
      await trained.opened;
      step(3, pack, hooks);
      tested(8, pack, hooks);
      tested(8, pack, hooks);
      await ended.opened;
    }),
  );
  await until(() => told.some(({ done }) => done === 2));
  trained.open();
  await until(() => told.some(progress => progress.tested.length > 0));
  expect(sweep.kept).toEqual([]);
  ended.open();
  expect(await sweep.failed).toEqual([]);
  const points = told.flatMap(({ curve }) => curve);
  expect(points.map(({ step }) => step)).toEqual([1, 2, 3]);
  expect(points[1]!.losses).toEqual([0.5, 0.5, 0.5]);
  expect(told.flatMap(progress => progress.tested)).toEqual([
    { length: 8, losses: [0.5, 0.5, 0.5], stderrs: [0.25, 0.25, 0.25] },
  ]);
  expect(new Set(told.map(({ worker }) => worker))).toEqual(new Set([worker.id]));
  expect(told.every(({ cells: places }) => places.join() === '0,1,2')).toBe(true);
});

test('a worker that is told to stop leaves its job, and the next one is heard', async () => {
  const { heard, events } = listening();
  await submit(grid(1), {}, events);
  const forever = gate();
  const trains = () =>
    fakeTrainer((pack, hooks) => {
      step(4, pack, hooks);
      return forever.opened;
    });
  const first = await work(trains());
  await until(() => heard.length === 1);
  await first.worker.stop();
  await until(() => heard.length === 2);
  await work(trains());
  await until(() => heard.length === 3);
  expect(heard).toEqual(['0: 1 cells at 4', '0 left', '0: 1 cells at 4']);
  forever.open();
});

test('a job that nobody can do is told at once, while others are trained', async () => {
  const { heard, events } = listening();
  const sweep = await submit(grid(2), {}, events);
  const waits = gate();
  await work(
    fakeTrainer(({ replicas: [replica] }) => {
      if (replica!.seed === 0) throw new InputError('no such task', 'Write it.');
      return waits.opened;
    }),
  );
  await until(() => heard.length > 0);
  expect(heard).toEqual(['lost: no such task']);
  waits.open();
  expect(await sweep.failed).toHaveLength(1);
});

test('who submits later hears what was told meanwhile', async () => {
  const first = await submit(grid(1));
  await until(() => first.said.length > 0);
  first.stop();
  await first.failed;
  const [waits, isTold] = [gate(), gate()];
  await work(
    fakeTrainer((pack, hooks) => {
      step(1, pack, hooks);
      isTold.open();
      return waits.opened;
    }),
  );
  await isTold.opened;
  const { told, events } = listening();
  const second = await submit(grid(1), {}, events);
  await until(() => told.length > 0);
  expect(told[0]!.curve).toEqual([{ step: 1, losses: [1] }]);
  waits.open();
  await second.failed;
});

test('progress that is no progress is nobody’s, and says nothing of cells that a job has not', async () => {
  const { told, events } = listening();
  const sweep = await submit(grid(1), {}, events);
  const waits = gate();
  await work(
    fakeTrainer((pack, hooks) => {
      const [replica] = pack.replicas;
      // A worker of another mind: more cells than the job has, and a place that it has not.
      step(1, { ...pack, replicas: [replica!, { ...replica!, cell: 'another' }] }, hooks);
      step(2, pack, hooks);
      return waits.opened;
    }),
  );
  await until(() => told.length > 0);
  expect(told.map(({ done }) => done)).toEqual([2]);
  waits.open();
  expect(await sweep.failed).toEqual([]);
});

test('a submitted sweep writes it where the page looks, with its workers and what they said last', async () => {
  const experiment = parseExperiment(
    'name: watched\ntask: { kind: simple, omega: 1 }\nmodel: { width: 8, mlpWidth: 8 }\ntrain: { length: 4, steps: 10, batch: 8 }\ntest: { length: [8], sequences: 8 }\nseed: [0, 1]\n',
    'watched.yaml',
  );
  const out = emptyFolder();
  let folder = '';
  const submitted = submitSweep(
    await connect(),
    experiment,
    {
      ...{ out, fresh: false, adapter: 'auto', theory: undefined, sameAdapter: false },
      ...{ packMinutes: 1000, retry: false, maker: { command: 'submit watched.yaml', version: '1' } },
    },
    {
      ...{ say: () => {}, theory: () => {}, standing: () => {} },
      planned(run) {
        folder = run.folder;
      },
    },
  );
  submitted.catch(() => {});
  const waits = gate();
  const { worker } = await work(
    fakeTrainer((pack, hooks) => {
      step(5, pack, hooks);
      tested(8, pack, hooks);
      return waits.opened;
    }),
    { engine: ENGINE_HASH },
  );
  worker.say('all is well');
  const state = new LiveState();
  await until(() => folder !== '');
  const file = new FollowedLive(folder);
  const hears = async (what: () => boolean) => {
    state.hear((await file.look()).said);
    return what();
  };
  await until(() => hears(() => state.queue?.workers[0]?.word === 'all is well'));
  await until(() => hears(() => state.underway.some(cell => state.curvesOf(cell)?.tests.length === 1)));
  expect(state.packsNow(() => false)).toMatchObject([
    { cells: 2, done: 5, total: 10, sequencesPerSecond: 100, loss: 0.2, worker: worker.id },
  ]);
  for (const cell of state.underway)
    expect(state.curvesOf(cell)).toEqual({
      steps: [5],
      losses: [0.2],
      tests: [{ length: 8, loss: 0.5, stderr: 0.25 }],
    });
  const redis = await connect();
  expect((await liveWorkers(redis))[0]).toMatchObject({ id: worker.id, word: 'all is well' });
  waits.open();
  expect((await submitted).failed).toEqual([]);
});
