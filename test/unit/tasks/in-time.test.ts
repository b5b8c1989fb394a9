import { expect, test } from 'vitest';
import { inTime, OutOfTime } from '../../../src/tasks/plug-in/in-time.ts';

const forEver = () => {
  for (;;);
};

test('a call gives what it gives, and throws what it throws', () => {
  expect(inTime(() => [1, 2])).toEqual([1, 2]);
  const error = new TypeError('no');
  expect(() =>
    inTime(() => {
      throw error;
    }),
  ).toThrow(error);
});

test('a loop without an end is broken off, also within a call and from within a pattern', () => {
  expect(() => inTime(forEver, 50)).toThrow(new OutOfTime(50));
  expect(() => inTime(() => inTime(forEver, 600_000), 50)).toThrow('has not come to an end in 0.05 s');
  expect(() => inTime(() => /^(a+)+$/.test(`${'a'.repeat(60)}b`), 50)).toThrow(OutOfTime);
});

test('the next call is watched anew', () => {
  expect(() => inTime(forEver, 50)).toThrow(OutOfTime);
  expect(inTime(() => 3)).toBe(3);
  expect(() => inTime(forEver, 50)).toThrow(OutOfTime);
});
