import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Device } from '../../../src/engine/device.ts';
import type { Dispatch } from '../../../src/engine/dispatch.ts';
import { Pace } from '../../../src/engine/pace.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A device on which each dispatch takes as long as its `x` says, in milliseconds, and what was submitted to it. */
function device() {
  let now = 0;
  let queued = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const submissions: number[][] = [];
  const waited = async () => {
    now += queued;
    queued = 0;
  };
  const gpu = {
    createCommandEncoder() {
      const recorded: number[] = [];
      const pass = {
        setPipeline() {},
        setBindGroup() {},
        dispatchWorkgroups: (x: number) => recorded.push(x),
        end() {},
      };
      return { beginComputePass: () => pass, finish: () => recorded };
    },
    queue: {
      submit([recorded]: number[][]) {
        submissions.push(recorded!);
        queued += recorded!.reduce((sum, ms) => sum + ms, 0);
      },
      onSubmittedWorkDone: waited,
    },
  };
  const failed = new Promise<never>(() => {});
  return { device: { gpu, failed } as unknown as Device, submissions, read: waited };
}

const list = (...ms: number[]) => ms.map(x => ({ x, y: 1, z: 1 }) as Dispatch);

describe('the pace of submissions', () => {
  test('of a new list every dispatch goes alone', async () => {
    const { device: own, submissions, read } = device();
    const { times } = await new Pace(own, 100).run(list(5, 1, 90, 2), 50, read);
    expect(times).toBe(1);
    expect(submissions).toEqual([[5], [1], [90], [2]]);
  });

  test('a short list goes more and more often, up to what fits and what is wanted', async () => {
    const { device: own, read } = device();
    const pace = new Pace(own, 100);
    const dispatches = list(4, 6);
    const times: number[] = [];
    for (let i = 0; i < 6; i++) times.push((await pace.run(dispatches, 50, read)).times);
    expect(times).toEqual([1, 2, 4, 8, 10, 10]);
    expect((await pace.run(dispatches, 3, read)).times).toBe(3);
  });

  test('a long list is cut into parts that fit, in order, whatever the first measurement said', async () => {
    const { device: own, submissions, read } = device();
    const pace = new Pace(own, 100);
    const costs = [70, 40, 10, 40, 250, 30, 60, 1, 1, 90];
    const dispatches = list(...costs);
    for (let i = 0; i < 10; i++) {
      submissions.length = 0;
      await pace.run(dispatches, 5, read);
      expect(submissions.flat()).toEqual(costs);
    }
    for (const part of submissions)
      expect(part.length === 1 || part.reduce((sum, ms) => sum + ms, 0) <= 150).toBe(true);
    expect(submissions.length).toBeLessThan(costs.length);
  });
});
