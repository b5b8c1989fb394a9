import { describe, expect, test } from 'vitest';
import { TimeLeft } from '../../../src/sweep/time-left.ts';

/** A pack of a minute's training, and of tests of which the last is by far the longest. */
const PACK = {
  cells: 4,
  seconds: { compile: 2, train: 60, test: 111, points: [1, 10, 100], theory: 8 },
};

describe('the time left', () => {
  test('is not known before anything was done', () => {
    const left = new TimeLeft([PACK], 0);
    expect(left.seconds()).toBeNull();
    left.update(0, { phase: 'train', done: 1, total: 100 }, 0);
    expect(left.seconds()).toBeNull();
  });

  test('weighs tests by their lengths, and comes by this machine as it trains', () => {
    const left = new TimeLeft([PACK], 0);
    // Three times as slow as planned.
    for (let step = 1; step <= 100; step++)
      left.update(0, { phase: 'train', done: step, total: 100 }, 1800 * step);
    expect(left.seconds()).toBeCloseTo(3 * 111, 6);
    left.update(0, { phase: 'test', done: 2, total: 3 }, 180_000 + 33_000);
    expect(left.seconds()).toBeCloseTo(3 * 100, 6);
  });

  test('learns the rate of testing by itself', () => {
    const left = new TimeLeft([PACK, PACK], 0);
    left.update(0, { phase: 'train', done: 1, total: 100 }, 0);
    left.update(0, { phase: 'train', done: 100, total: 100 }, 59_400);
    // Ten times as slow as planned, where training went as planned.
    left.update(0, { phase: 'test', done: 3, total: 3 }, 59_400 + 1_110_000);
    const truth = 2 + 60 + 1110;
    expect(left.seconds()! / truth).toBeGreaterThan(0.7);
    expect(left.seconds()! / truth).toBeLessThan(1.3);
  });

  test('counts what a pack that has not begun compiles, and nothing that an earlier run did', () => {
    const left = new TimeLeft([PACK, PACK], 0);
    left.update(0, { phase: 'train', done: 1, total: 100 }, 0);
    left.update(0, { phase: 'train', done: 51, total: 100 }, 30_000);
    expect(left.seconds()).toBeCloseTo(0.49 * 60 + 111 + 2 + 60 + 111, 6);
    // The second goes on at step 90, two seconds later.
    left.update(1, { phase: 'train', done: 90, total: 100 }, 32_000);
    expect(left.seconds()).toBeCloseTo(0.49 * 60 + 111 + 6 + 111, 6);
  });

  test('counts the theory that is left, as fast as theory was seen to be', () => {
    const left = new TimeLeft([{ ...PACK, seconds: { ...PACK.seconds, theory: 4000 } }], 2);
    left.update(0, { phase: 'train', done: 1, total: 100 }, 0);
    left.update(0, { phase: 'train', done: 100, total: 100 }, 59_400);
    // It begins when the pack's tests are through.
    expect(left.seconds()).toBeCloseTo(111 + 4000 / 2, 6);
    left.update(0, { phase: 'test', done: 3, total: 3 }, 170_000);
    left.updateTheory(0, 4, 170_000);
    // A cell was planned at 1,000 s of a core: two of them took but 250 s side by side.
    left.updateTheory(2, 4, 420_000);
    expect(left.seconds()).toBeGreaterThan(250);
    expect(left.seconds()).toBeLessThan(1000);
  });
});
