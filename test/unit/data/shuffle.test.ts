import { expect, test } from 'vitest';
import { shuffle } from '../../../src/data/shuffle.ts';
import fc from '../../support/property.ts';

const all = (size: number, key: number, epoch: number) =>
  Array.from({ length: size }, (_, i) => i).map(shuffle(size, key, epoch));

test('a shuffle has every number once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 0 }), fc.nat(9), (size, key, epoch) => {
      const order = all(size, key, epoch);
      expect(new Set(order).size).toBe(size);
      expect(Math.min(...order)).toBe(0);
      expect(Math.max(...order)).toBe(size - 1);
    }),
  );
});

test('orders of epochs and keys are others, and equal again for the same', () => {
  expect(all(1000, 7, 0)).toEqual(all(1000, 7, 0));
  for (const other of [all(1000, 7, 1), all(1000, 8, 0)]) {
    const same = other.filter((number, i) => number === all(1000, 7, 0)[i]).length;
    expect(same).toBeLessThan(10);
  }
});

/** Every number is equally likely at every place: chi-squared of 12 × 12 counts over 6000 keys, 11² degrees of freedom; 99.9 %: 173. */
test('no place favours a number', () => {
  const size = 12;
  const keys = 6000;
  const counts = new Float64Array(size * size);
  for (let key = 0; key < keys; key++)
    all(size, key, 0).forEach((number, i) => {
      counts[i * size + number]!++;
    });
  const expected = keys / size;
  const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  expect(statistic).toBeLessThan(173);
});

/** How far apart neighbours come to lie: for a random order the mean distance is (m + 1) / 3. */
test('neighbours are torn apart', () => {
  const size = 4096;
  const order = all(size, 3, 2);
  const distances = order.slice(1).map((number, i) => Math.abs(number - order[i]!));
  const mean = distances.reduce((a, b) => a + b, 0) / distances.length;
  expect(mean / ((size + 1) / 3)).toBeCloseTo(1, 1);
});
