import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Listeners, Session } from '../../../src/runtime/session.ts';
import { stopEverything } from '../../../src/runtime/stopping.ts';
import { trainPacks } from '../../../src/runtime/supervise.ts';
import type { EngineEvent } from '../../../src/shared/protocol.ts';
import { fakeSession } from '../../support/fake-session.ts';
import { pack, replica } from '../../support/packs.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
// As in stopping.test.ts: the program stops for good.
afterAll(() => void vi.resetModules());

const PACK = pack({ steps: 1000, replicas: ['a', 'b'].map(cell => replica({ cell })) });
const FAILED: EngineEvent = { event: 'failed', reason: 'internal', message: 'the test is over' };
const state = (step: number): EngineEvent => ({
  ...({ event: 'state', step, seconds: 1 } as const),
  replicas: PACK.replicas.map(() => ({ divergedAtStep: null, floats: '' })),
});
const progress = (done: number): EngineEvent => ({
  ...({ event: 'progress', phase: 'train', done, total: 1000, sequencesPerSecond: 1, curve: [] } as const),
});

/**
 * What is said on the way out after an engine has told some events; it answers to being asked for a state with another, or with nothing.
 */
async function saidAfter(events: EngineEvent[], answer?: EngineEvent) {
  let end = (_: typeof FAILED) => {};
  let listeners: Listeners = {};
  const tell = (event: EngineEvent) => {
    if (event.event === 'progress') listeners.onProgress?.(event);
    if (event.event === 'state') listeners.onStanding?.(event);
  };
  const asked = vi.fn(() => answer && tell(answer));
  const fake = fakeSession();
  const session: Session = {
    ...fake,
    tell: asked,
    send(request, given = {}) {
      if (request.op !== 'train') return fake.send(request);
      listeners = given;
      return new Promise(resolve => {
        end = resolve as typeof end;
        events.forEach(tell);
      });
    },
  };
  const trained = trainPacks(
    [{ pack: PACK, adapter: 'software' }],
    {
      ...{ workers: 1, engine: 'one', open: async () => session, savedOf: () => undefined },
      ...{ onProgress() {}, onLog() {}, onFinished: async () => {} },
    },
    [],
  ).catch(error => error.message);
  await vi.advanceTimersByTimeAsync(0);
  const stopped = stopEverything();
  await vi.runAllTimersAsync();
  const said = await stopped;
  end(FAILED);
  expect(await trained).toBe('the test is over');
  return { said, asked: asked.mock.calls.length };
}

test('an engine that still compiles has nothing to save, and is not waited for', async () => {
  expect(await saidAfter([])).toEqual({
    said: ['2 cells under way have nothing new to save since step 0 of 1000'],
    asked: 0,
  });
  expect(await saidAfter([progress(400), state(400)])).toEqual({
    said: ['2 cells under way have nothing new to save since step 400 of 1000'],
    asked: 0,
  });
});

test('one that has trained on is asked where it stands', async () => {
  expect(await saidAfter([progress(400), state(400), progress(500)], state(501))).toEqual({
    said: ['2 cells under way are saved, at step 501 of 1000'],
    asked: 1,
  });
});

test('one that does not answer in time: it is said where the cells go on', async () => {
  expect(await saidAfter([progress(400), state(400), progress(500)])).toEqual({
    said: ['2 cells under way go on from step 400 of 1000: the engine told no later state in time'],
    asked: 1,
  });
});
