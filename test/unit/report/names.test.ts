import { describe, expect, test } from 'vitest';
import {
  boundName,
  intervalText,
  lengthTick,
  numberText,
  powerOfTen,
  probabilityText,
  shareText,
} from '../../../src/report/names.ts';

describe('numbers in words', () => {
  test.each([
    [0, '0'],
    [1, '1'],
    [-0.243, '−0.243'],
    [0.0131999, '0.0132'],
    [1234.5, '1,230'],
    [99999, '100,000'],
    [2050, '2,050'],
    [0.00099, '9.90 × 10⁻⁴'],
    [-4.1e-7, '−4.10 × 10⁻⁷'],
    [1e300, '1.00 × 10³⁰⁰'],
    [Infinity, '∞'],
    [-Infinity, '−∞'],
    [Number.NaN, 'none'],
    [null, 'none'],
  ])('%s is %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  test('intervals, powers, lengths and p-values', () => {
    expect(intervalText([-Infinity, 0.5])).toBe('−∞ … 0.5');
    expect(powerOfTen(-12)).toBe('10⁻¹²');
    expect([64, 1024, 12500, 100000].map(lengthTick)).toEqual(['64', '1024', '12.5k', '100k']);
    expect([null, 0.0312, 1, 5.6e12].map(shareText)).toEqual(['none', '3.1 %', '100 %', '> 1,000 %']);
    expect([null, 0.0312, 1e-9, 0].map(probabilityText)).toEqual(['–', '0.031', '1.0 × 10⁻⁹', 'no spread']);
  });
});

test('bounds go by their names', () => {
  expect(['theorem-5.2', 'theorem-5.2-digest', 'hardmax-remark', 'certificate'].map(boundName)).toEqual([
    'Theorem 5.2',
    'Theorem 5.2 (digest)',
    'hardmax remark',
    'certificate',
  ]);
});
