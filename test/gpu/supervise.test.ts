import { afterAll, describe, expect, test } from 'vitest';
import type { Session } from '../../src/runtime/session.ts';
import { type FinishedPack, type Supervision, trainPacks } from '../../src/runtime/supervise.ts';
import type { Checkpoint } from '../../src/shared/checkpoint.ts';
import type { Pack, Request } from '../../src/shared/protocol.ts';
import { open, TEST_ENGINE } from '../support/engine.ts';
import { kGramPack, pack } from '../support/packs.ts';
import type { TestRequest } from '../support/protocol.ts';
import { tapped } from '../support/tapped.ts';

type Faults = Omit<Extract<TestRequest, { op: 'faults' }>, 'op' | 'adapter'>;

/** A session of its own on Dawn, in which things may go wrong. */
async function start(faults: Faults = {}): Promise<Session> {
  const session = await open('dawn', TEST_ENGINE);
  await session.send({ op: 'faults', adapter: 'software', ...faults } as unknown as Request);
  return session;
}

/** Sessions that nothing happened to: what they have compiled stays for the next. */
const sound: Session[] = [];
const wasSound = new WeakSet<Session>();
afterAll(() => Promise.all(sound.map(session => session.close())));

async function takeSound(): Promise<Session> {
  const session = sound.pop() ?? (await start());
  wasSound.add(session);
  return session;
}

async function giveBack(session: Session): Promise<void> {
  if (wasSound.has(session)) sound.push(session);
  else await session.close();
}

/** Trains a pack; gives what each cell ended with, and what was said on the way. */
async function supervised(own: Pack, more: Partial<Supervision> = {}) {
  const log: string[] = [];
  const packs: FinishedPack[] = [];
  const trainedFrom: number[] = [];
  const checkpoints = new Map<string, Checkpoint>();
  const idle: Session[] = [];
  const supervision: Supervision = {
    workers: 1,
    open: takeSound,
    engine: 'one',
    savedOf: () => undefined,
    onProgress: (_, { phase, done }) => void (phase === 'train' && trainedFrom.push(done)),
    onCheckpoints: async states => {
      for (const state of states) checkpoints.set(state.cell, state);
    },
    onFinished: async finished => void packs.push(finished),
    onLog: line => log.push(line),
    backOffMs: 1,
    checkpointSeconds: 0.001,
    ...more,
  };
  try {
    await trainPacks([{ pack: own, adapter: 'software' }], supervision, idle);
  } finally {
    for (const session of idle) await giveBack(session);
  }
  const cells = packs
    .flatMap(({ trained, curves }) => trained.cells.map((cell, r) => ({ ...cell, curve: curves[r] })))
    .sort((a, b) => a.cell.localeCompare(b.cell));
  return {
    cells,
    log,
    trainedFrom,
    checkpoints,
    sizes: packs.map(({ pack: { replicas } }) => replicas.length),
  };
}

const named = (own: Pack, seeds: number[]): Pack => ({
  ...own,
  replicas: seeds.map(seed => ({ ...own.replicas[0]!, cell: `cell ${seed}`, seed })),
});

const ONE = named(
  pack({ steps: 150, logEvery: 10, test: { lengths: [16, 40], sequences: 64 } }),
  [1, 2, 3, 4],
);
const TWO = named(kGramPack({ steps: 30, logEvery: 3, test: { lengths: [16, 40], sequences: 64 } }), [1, 2]);

describe.each([
  { layers: 'one layer', own: ONE },
  { layers: 'two layers', own: TWO },
])('$layers', ({ own }) => {
  test('killed at any step, lost in the evaluation at the last length: the same bits as undisturbed', async () => {
    const undisturbed = await supervised(own);
    expect(undisturbed.log).toEqual([]);
    let opened = 0;
    const disturbed = await supervised(own, {
      async open() {
        opened++;
        if (opened === 4) return start({ loseAfter: { phase: 'test', done: 2 } });
        if (opened > 4) return takeSound();
        const session = await start();
        let events = 0;
        return tapped(session, () => {
          if (++events === 2 + opened) process.kill(session.pid!, 'SIGKILL');
        });
      },
    });
    expect(disturbed.cells).toEqual(undisturbed.cells);
    expect(opened).toBe(5);
    const steps = disturbed.log.flatMap(line => /go on from step (\d+)/.exec(line)?.[1] ?? []).map(Number);
    expect(steps).toHaveLength(4);
    expect(steps[0]).toBeGreaterThan(0);
    expect(steps.at(-1)).toBe(own.steps);
    // Trained once more: only what was done since the last checkpoint.
    const last = disturbed.trainedFrom.lastIndexOf(own.steps);
    expect(disturbed.trainedFrom.slice(last + 1)).toEqual([]);
  });
});

test('a state that is asked for comes at once, and is where another pack goes on', async () => {
  const whole = await supervised(ONE);
  const some = [...whole.checkpoints.values()].filter(({ cell }) => cell !== 'cell 2');
  // Those of the end; one cell has none and starts again, in a pack of its own.
  const rest = await supervised(ONE, { savedOf: cell => some.find(saved => saved.cell === cell) });
  expect(rest.cells).toEqual(whole.cells);
  expect(rest.sizes).toEqual([3, 1]);
  expect(rest.log).toEqual(['3 cells continue at step 150']);
});

test('a checkpoint of another engine or machine is refused: the cell starts again, and that is said', async () => {
  const short = named({ ...ONE, steps: 12 }, [1, 2]);
  const whole = await supervised(short);
  const foreign = (cell: string) => {
    const saved = whole.checkpoints.get(cell)!;
    const origin =
      cell === 'cell 1' ? { ...saved.origin, machine: 'a GPU' } : { ...saved.origin, engine: 'two' };
    return { ...saved, origin, floats: 'AAAA' };
  };
  const again = await supervised(short, { savedOf: foreign });
  expect(again.cells).toEqual(whole.cells);
  expect(again.log.sort()).toEqual([
    expect.stringMatching(/^1 checkpoints cannot be used \(made by engine two, this is one\): .* again$/),
    expect.stringMatching(
      /^1 checkpoints cannot be used \(made on a GPU, this is SwiftShader.*\): .* again$/,
    ),
  ]);
});

test.each<{ name: string; faults: Faults }>([
  { name: 'a lower binding limit', faults: { bindingBytes: 30_000 } },
  { name: 'no more memory', faults: { memoryBytes: 60_000 } },
])('$name: the pack is split and goes on, to the same cells and bits', async ({ faults }) => {
  const short = named({ ...ONE, steps: 12 }, [1, 2, 3, 4]);
  const whole = await supervised(short);
  const split = await supervised(short, { open: () => start(faults) });
  expect(split.cells).toEqual(whole.cells);
  expect(split.sizes.length).toBeGreaterThan(1);
  expect(split.log[0]).toMatch(/: 4 cells are split into two packs$/);
});

test('what does not fit alone is an error that says what to do', async () => {
  const alone = named(ONE, [1]);
  const run = supervised(alone, { open: () => start({ bindingBytes: 1000 }) });
  await expect(run).rejects.toMatchObject({ fix: expect.stringMatching(/train\.batch/) });
});
