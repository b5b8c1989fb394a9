import { expect, test } from 'vitest';
import { worstRatios } from '../../../src/analysis/worst-ratio.ts';
import { cellLine } from '../../support/cells.ts';

const cells = [1, 2].flatMap(omega =>
  [0, 1, 2].map(seed => cellLine({ 'task.omega': omega, 'train.length': 8, seed }, [0.1])),
);
const found = (errorsOf: (i: number) => { worst: number; rms: number }) => ({
  testLength: 512,
  rounds: 16,
  seed: 0,
  cells: cells.map(({ cell }, i) => ({ cell, ...errorsOf(i) })),
});

test('ratios are geometric means over seeds, with a t interval of their logarithms', () => {
  const [first, second] = worstRatios(
    cells,
    found(i => ({ worst: i < 3 ? 2 ** (i + 1) : 5, rms: 1 })),
  );
  expect(first).toMatchObject({ axes: { 'task.omega': 1, 'train.length': 8 }, seeds: 3 });
  expect(first!.ratio).toBeCloseTo(4, 12);
  // t of 2 degrees of freedom at 97.5 %: 4.3027; standard deviation ln 2.
  expect(Math.log(first!.interval![1] / 4)).toBeCloseTo((4.302653 * Math.LN2) / Math.sqrt(3), 5);
  expect(second!.ratio).toBeCloseTo(5, 12);
});

test('models that nobody looked at, and errors of 0, are left out', () => {
  const own = found(i => ({ worst: i === 0 ? 0 : 3, rms: 1 }));
  const [first, ...others] = worstRatios(cells, { ...own, cells: own.cells.slice(0, 2) });
  expect(first).toMatchObject({ seeds: 1, interval: null });
  expect(first!.ratio).toBeCloseTo(3, 12);
  expect(others).toEqual([]);
});
