import { expect, test } from 'vitest';
import { exactMatchOf, levelOf, wilson } from '../../../src/analysis/accuracy.ts';
import { plateauOf } from '../../../src/analysis/plateau.ts';

const point = (length: number, exactMatch: number) => ({
  ...{ length, loss: 9, stderr: null, accuracy: exactMatch, exactMatch, sequences: 99 },
});

test("Wilson's interval as Newcombe (Stat. Med. 17, 1998, table I, method 3) prints it", () => {
  const published: [number, number, number, number][] = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ];
  for (const [right, count, low, high] of published) {
    const interval = wilson(right / count, count);
    expect(interval[0]).toBeCloseTo(low, 4);
    expect(interval[1]).toBeCloseTo(high, 4);
  }
});

test('runs that agree keep the interval of their sequences; runs that do not, that of runs', () => {
  const agree = exactMatchOf([point(8, 1), point(8, 1)])!;
  expect(agree).toEqual({ mean: 1, interval: [wilson(1, 198)[0], 1], runs: 2 });
  const apart = exactMatchOf([point(8, 0), point(8, 1)])!;
  expect(apart.mean).toBe(0.5);
  expect(apart.interval).toEqual([0, 1]);
  expect(exactMatchOf([{ length: 8, loss: 1, stderr: null }])).toBeUndefined();
});

test('cells of classes have plateaus of error rates, with a logarithm where nothing is wrong', () => {
  expect(levelOf(point(8, 1))).toBeCloseTo(0.005, 15);
  expect(levelOf(point(8, 0))).toBeCloseTo(0.995, 15);
  expect(levelOf({ length: 8, loss: 0.25, stderr: null })).toBe(0.25);
  const cell = { divergedAtStep: null, test: [point(50, 1), point(100, 0)] };
  expect(plateauOf(cell as never)).toBeCloseTo(Math.sqrt(0.005 * 0.995), 12);
});
