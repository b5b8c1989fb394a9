import { expect, test } from 'vitest';
import { shareTable } from '../../../src/cli/profile.ts';
import { Trace } from '../../../src/results/trace.ts';
import type { Profile } from '../../../src/shared/protocol.ts';

const groups: [number, number, number] = [2, 3, 1];
const profile: Profile = {
  kernels: [
    { name: 'a', phase: 'train', groups },
    { name: 'b', phase: 'train', groups },
    { name: 'a', phase: 'train', groups: [1, 3, 1] },
    { name: 'c', phase: 'evaluate', groups },
  ],
  // Two steps of a, b, a, and one evaluated batch that no share counts.
  device: [
    [0, 1000, 10],
    [1, 1010, 30],
    [2, 1040, 20],
    [0, 1100, 20],
    [1, 1120, 50],
    [2, 1170, 70],
    [3, 1300, 900],
  ],
  host: [['submit', 990, 5]],
};

test('shares count training dispatches by kernel, dearest first', () => {
  const trace = new Trace();
  expect(trace.shares()).toEqual([]);
  trace.add('pack 1', 3, profile);
  expect(trace.shares()).toEqual([
    { name: 'a', share: 0.6, dispatches: 2, microseconds: 30 },
    { name: 'b', share: 0.4, dispatches: 1, microseconds: 40 },
  ]);
  // The same pack again: as many dispatches a step, as dear.
  trace.add('pack 2', 3, profile);
  expect(trace.shares()[0]).toEqual({ name: 'a', share: 0.6, dispatches: 2, microseconds: 30 });
});

test('the table names the dearest kernels and sums up the rest', () => {
  const shares = Array.from({ length: 30 }, (_, i) => ({
    name: `kernel ${i}`,
    share: 1 / 30,
    dispatches: 1,
    microseconds: 5,
  }));
  const lines = shareTable(shares).split('\n');
  expect(lines).toHaveLength(26);
  expect(lines[1]).toMatch(/3\.3 % +1 +5 {2}kernel 0$/);
  expect(lines[25]).toMatch(/20\.0 % +6 +6 others$/);
});

test('the trace is one that chrome://tracing reads: complete slices, named processes and threads', async () => {
  const trace = new Trace();
  trace.add('pack 1', 3, profile);
  await trace.during('theory', async () => {});
  const { traceEvents } = JSON.parse(JSON.stringify(trace.document()));
  const named = new Set();
  for (const { ph, pid, tid, name } of traceEvents)
    if (ph === 'M' && name === 'thread_name') named.add(`${pid} ${tid}`);
  const slices = traceEvents.filter(({ ph }: { ph: string }) => ph === 'X');
  expect(slices).toHaveLength(profile.device.length + profile.host.length + 1);
  for (const { ts, dur, pid, tid } of slices) {
    expect(Number.isFinite(ts) && dur >= 0).toBe(true);
    expect(named).toContain(`${pid} ${tid}`);
  }
  expect(slices.find(({ name }: { name: string }) => name === 'b')).toMatchObject({
    dur: 30,
    cat: 'train',
    args: { groups: [2, 3, 1], replicas: 3 },
  });
});
