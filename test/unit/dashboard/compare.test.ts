import { expect, test } from 'vitest';
import { noColumns, type RunHead } from '../../../src/dashboard/data.ts';
import { differenceOf, differingPaths, type Side } from '../../../src/dashboard/page/compare.ts';
import { CellTable, runNames, settingsApart } from '../../../src/dashboard/page/table.ts';

const side = (
  label: string,
  cells: [axes: Record<string, number>, plateau: number | null, error?: number][],
): Side => ({
  label,
  cells: cells.map(([axes, plateau, error]) => ({ axes, plateau, error: error ?? null })),
});

test('cells that differ in nothing else are paired, whatever else varies', () => {
  const a = side(
    'a',
    [1, 10, 100].map(seed => [{ omega: 2, seed }, seed]),
  );
  const b = side(
    'b',
    [1, 10, 100].map(seed => [{ omega: 4, seed }, 3 * seed]),
  );
  const { ratio, interval, how } = differenceOf(a, b);
  expect(differingPaths([a, b])).toEqual(['omega']);
  expect(ratio).toBeCloseTo(3, 10);
  for (const end of interval!) expect(end).toBeCloseTo(3, 10);
  expect(how).toMatch(/^paired over 3/);
});

test('two samples: Welch, by the textbook', () => {
  const logs = [
    [0, 1, 2, 3],
    [3, 5, 4],
  ];
  const [a, b] = logs.map((own, s) =>
    side(
      String(s),
      own.map((log, i) => [{ seed: 10 * s + i }, Math.exp(log)]),
    ),
  );
  const { ratio, interval, how } = differenceOf(a!, b!);
  // Means 1.5 and 4, variances 5/3 and 1: standard error 0.8660, 4.96 degrees of freedom, t = 2.577.
  expect(Math.log(ratio!)).toBeCloseTo(2.5, 10);
  expect(Math.log(interval![0])).toBeCloseTo(2.5 - 2.577 * 0.866, 2);
  expect(Math.log(interval![1])).toBeCloseTo(2.5 + 2.577 * 0.866, 2);
  expect(how).toBe('4 against 3 cells (Welch)');
});

test('of single cells only the error of the test is known, and said', () => {
  const { interval, how } = differenceOf(
    side('a', [[{ N: 1 }, 1, 0.03]]),
    side('b', [[{ N: 2 }, Math.E, 0.04]]),
  );
  expect(Math.log(interval![1]) - 1).toBeCloseTo(1.96 * 0.05, 3);
  expect(how).toMatch(/one seed each/);
  expect(differenceOf(side('a', [[{ N: 1 }, null]]), side('b', [[{ N: 2 }, 1]])).ratio).toBeNull();
});

test('of runs, what their configurations have otherwise, and their names', () => {
  const runOf = (name: string, run: string, settings: RunHead['settings']) =>
    new CellTable({ head: { name, run, settings } as RunHead, columns: noColumns() });
  const a = runOf('same', 'a', { 'train.steps': 10, 'model.width': 8 });
  const b = runOf('same', 'b', { 'train.steps': 20, 'model.width': 8, 'train.clip': 1 });
  const c = runOf('other', 'c', { 'train.steps': 20, 'model.width': 8 });
  expect([...settingsApart([a, b]).values()]).toEqual([
    { 'train.steps': 10, 'train.clip': null },
    { 'train.steps': 20, 'train.clip': 1 },
  ]);
  expect(settingsApart([a]).get(a)).toEqual({});
  expect([...runNames([a, b, c]).values()]).toEqual(['same a', 'same b', 'other']);
});
