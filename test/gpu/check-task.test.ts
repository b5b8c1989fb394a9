import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkTwins, drawn } from '../../src/tasks/plug-in/check.ts';
import { loadPlugIn } from '../../src/tasks/plug-in/load.ts';
import { SKELETON } from '../../src/tasks/plug-in/skeleton.ts';
import { taskOf } from '../../src/tasks/registry.ts';
import { taskWritten } from '../../src/tasks/written.ts';
import { emptyFolder } from '../support/cli.ts';
import { useEngine } from '../support/engine.ts';

const engine = useEngine();
const sample = (asked: Parameters<Parameters<typeof checkTwins>[1]>[0]) => engine.ask('sampled', asked);

async function plugIn(text: string) {
  const file = join(emptyFolder(), 'my-task.ts');
  writeFileSync(file, text);
  const { source } = await loadPlugIn(file, './my-task.ts');
  return taskWritten({ kind: './my-task.ts', source });
}

test('the skeleton of new-task passes check-task as it is written', async () => {
  const task = await plugIn(SKELETON);
  const checks = await checkTwins(task, sample);
  // Two settings, two laws of a task without context, the last position and every one.
  expect(checks).toHaveLength(8);
  for (const { difference, worstError, allowed, targets } of checks) {
    expect(difference).toBeNull();
    expect(worstError).toBeLessThan(allowed);
    expect(targets).toBeGreaterThan(63);
  }
  for (const { tokens, target } of drawn(task, 10))
    expect(target[0]).toBeCloseTo(tokens.filter(token => token === 1).length / tokens.length, 12);
});

test('what WGSL does otherwise is found', async () => {
  const task = await plugIn(SKELETON.replace('exact_ratio(ones, t)', 'exact_ratio(ones, t + 1u)'));
  const [first] = await checkTwins(task, sample);
  expect(first!.difference).toMatch(
    /^target 0 after \d+ tokens of [01 ]+ is [\d.]+ on the device, [\d.]+ in TypeScript$/,
  );
});

test('WGSL that does not compile is an error with its line', async () => {
  const task = await plugIn(SKELETON.replace('var ones = 0u;', 'var ones = 0u'));
  await expect(checkTwins(task, sample)).rejects.toThrow(/task \.\/my-task\.ts:4/);
});

test('a built-in task with a context is held to chains too', async () => {
  const task = { ...taskOf('k-gram'), examples: taskOf('k-gram').examples.slice(0, 1) };
  const checks = await checkTwins(task, sample);
  expect(new Set(checks.map(({ law }) => law))).toContain('dirichlet-markov');
  expect(checks.every(({ difference }) => difference === null)).toBe(true);
});
