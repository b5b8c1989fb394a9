import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  isStopping,
  killEverything,
  onStop,
  stopEverything,
  track,
  untrack,
} from '../../../src/runtime/stopping.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
// A program that stops does so for good: files that this worker runs later start with modules of their own.
afterAll(() => void vi.resetModules());

const never = () => new Promise<never>(() => {});

test('saves, closes, releases, in this order, and says what there is to say; in less than five seconds though everything hangs', async () => {
  const done: string[] = [];
  const note = (what: string, said?: string) => async () => {
    done.push(what);
    return said;
  };
  const hanging = { close: never, kill: vi.fn() };
  const good = { close: async () => void done.push('close'), kill: vi.fn() };
  track(hanging);
  track(good);
  onStop('release', note('release'));
  onStop('release', never);
  onStop('save', never);
  onStop('save', note('save', '12 cells continue at step 900'));
  const takeBack = onStop('save', note('taken back'));
  takeBack();
  const began = Date.now();
  const stopped = stopEverything();
  await vi.runAllTimersAsync();
  expect(await stopped).toEqual([
    'saving failed: not done in 2.5 s',
    '12 cells continue at step 900',
    'closing failed: not done in 1.2 s',
    'giving back locks failed: not done in 0.8 s',
  ]);
  expect(Date.now() - began).toBeLessThan(5000);
  expect(done).toEqual(['save', 'close', 'release']);
  expect(hanging.kill).toHaveBeenCalled();
  expect(isStopping()).toBe(true);
});

test('at once: everything open is killed, what was closed is not', () => {
  const [open, closed] = [0, 1].map(() => ({ close: never, kill: vi.fn() }));
  for (const each of [open!, closed!]) track(each);
  untrack(closed!);
  killEverything();
  expect(open!.kill).toHaveBeenCalledOnce();
  expect(closed!.kill).not.toHaveBeenCalled();
});
