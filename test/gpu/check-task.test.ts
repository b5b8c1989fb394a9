import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkTwins, drawn } from '../../src/tasks/plug-in/check.ts';
import { loadPlugIn } from '../../src/tasks/plug-in/load.ts';
import { skeletonOf } from '../../src/tasks/plug-in/skeleton.ts';
import { taskOf } from '../../src/tasks/registry.ts';
import { taskWritten } from '../../src/tasks/written.ts';
import { emptyFolder } from '../support/cli.ts';
import { useEngine } from '../support/engine.ts';
import { pageOf } from '../support/pages.ts';
import { TWICE } from '../support/plug-ins.ts';

const engine = useEngine();
const sample = (asked: Parameters<Parameters<typeof checkTwins>[1]>[0]) => engine.ask('sampled', asked);

async function plugIn(text: string) {
  const file = join(emptyFolder(), 'my-task.ts');
  writeFileSync(file, text);
  const { source } = await loadPlugIn(file, './my-task.ts');
  return taskWritten({ kind: './my-task.ts', source });
}

test('the skeleton of new-task passes check-task as it is written', async () => {
  const task = await plugIn(skeletonOf(true));
  const checks = await checkTwins(task, sample);
  // Two settings, two laws of a task without context, the last position and every one.
  expect(checks).toHaveLength(8);
  for (const { difference, worstError, allowed, targets } of checks) {
    expect(difference).toBeNull();
    expect(worstError).toBeLessThan(allowed);
    expect(targets).toBeGreaterThan(63);
  }
  for (const { tokens, targets } of drawn(task, 10))
    expect(targets[0]![0]).toBeCloseTo(tokens.filter(token => token === 1).length / tokens.length, 12);
});

test('a plug-in with a law and classes of its own is held to them', async () => {
  const task = await plugIn(TWICE);
  const checks = await checkTwins(task, sample);
  expect(checks.map(({ law, positions, difference }) => [law, positions, difference])).toEqual([
    ['task', 'every', null],
  ]);
  expect(checks[0]!.targets).toBeGreaterThan(64 * 3);
  const other = await plugIn(
    TWICE.replace('put_token(row, length + 1u, 2u)', 'put_token(row, length + 1u, 1u)'),
  );
  const [first] = await checkTwins(other, sample);
  expect(first!.difference).toMatch(
    /^sequence 0 is [01]+( [01])+ on the device, [012]( [012])+ in TypeScript$/,
  );
});

test('the law that docs/tasks.md shows is one, in both languages', async () => {
  const [, law] = /```ts\n(law: [\s\S]*?)```/.exec(pageOf('docs/tasks.md').text)!;
  const text = skeletonOf(true)
    .replace('vocabulary: 2', 'vocabulary: 3')
    .replace('+= token_at(sequence, t)', '+= token_at(sequence, t) % 2u')
    .replace('+= tokens[t]!', '+= tokens[t]! % 2');
  const task = await plugIn(text.replace('  // Why knobs', `${law}\n  // Why knobs`));
  const checks = await checkTwins(task, sample);
  expect(checks.map(({ law, difference }) => [law, difference])).toEqual(Array(4).fill(['task', null]));
  for (const { tokens } of drawn(task, 10)) expect(tokens.join('')).toMatch(/^([01]+)2\1$/);
});

test('a task of the suite is held to its law', async () => {
  const checks = await checkTwins(taskOf('dyck-1'), sample);
  expect(new Set(checks.map(({ law }) => law))).toEqual(new Set(['task']));
  expect(checks.every(({ difference }) => difference === null)).toBe(true);
});

test('what WGSL does otherwise is found', async () => {
  const task = await plugIn(skeletonOf(true).replace('exact_ratio(ones, t)', 'exact_ratio(ones, t + 1u)'));
  const [first] = await checkTwins(task, sample);
  expect(first!.difference).toMatch(
    /^target 0 after \d+ tokens of [01 ]+ is [\d.]+ on the device, [\d.]+ in TypeScript$/,
  );
});

test('WGSL that does not compile is an error with its line', async () => {
  const task = await plugIn(skeletonOf(true).replace('var ones = 0u;', 'var ones = 0u'));
  await expect(checkTwins(task, sample)).rejects.toThrow(/task \.\/my-task\.ts:4/);
});

test('a built-in task with a context is held to chains too', async () => {
  const task = { ...taskOf('k-gram'), examples: taskOf('k-gram').examples.slice(0, 1) };
  const checks = await checkTwins(task, sample);
  expect(new Set(checks.map(({ law }) => law))).toContain('dirichlet-markov');
  expect(checks.every(({ difference }) => difference === null)).toBe(true);
});
