import { describe, expect, test } from 'vitest';
import {
  type DenseShape,
  defaultVariant,
  defaultVariantAlone,
} from '../../../src/shared/attention-variants.ts';
import { bestVariant, bucketOf, type Trial } from '../../../src/shared/tuning.ts';

const trial = (variant: Trial['variant'], compileMs: number, runMs: number, right = true): Trial => ({
  variant,
  compileMs,
  runMs,
  maxError: right ? 1e-7 : 0.4,
  right,
});

const shape: DenseShape = {
  heads: 1,
  length: 1024,
  keyWidth: 64,
  valueWidth: 64,
  locality: 0,
  attention: { precision: 'infinite', scale: 1 },
};

describe('bestVariant', () => {
  const trials = [trial('qb-fused-8', 4000, 14), trial('qb-fused', 1200, 17), trial('quad', 100, 105)];

  test('uses trade compile time for run time', () => {
    expect(bestVariant(trials, 1)).toBe('quad');
    expect(bestVariant(trials, 100)).toBe('qb-fused');
    expect(bestVariant(trials, 10_000)).toBe('qb-fused-8');
  });

  test('a wrong variant is never taken, however fast', () => {
    expect(bestVariant([trial('flash-wg', 0, 0.001, false), ...trials], 100)).toBe('qb-fused');
    expect(bestVariant([trial('flash-wg', 0, 0.001, false)], 100)).toBeUndefined();
    expect(bestVariant([], 1)).toBeUndefined();
  });
});

test('buckets: T and rows by powers of two; widths, rule and rounding apart', () => {
  const rounded = { precision: 'finite', bits: 8, scale: 1 } as const;
  const unrounded = { precision: 'finite', bits: null, scale: 1 } as const;
  expect(bucketOf(shape)).toBe(bucketOf({ ...shape, length: 2047 }));
  const others: Partial<DenseShape>[] = [
    {},
    { length: 2048 },
    { lastRows: 1 },
    { keyWidth: 32 },
    { attention: unrounded },
    { attention: rounded },
    { attention: { rule: 'softmax', encoding: 'none', logScale: false, scale: 1 } },
    { attention: { rule: 'softmax', encoding: 'alibi', logScale: false, scale: 1 } },
  ];
  expect(new Set(others.map(other => bucketOf({ ...shape, ...other }))).size).toBe(others.length);
});

describe('without tuning', () => {
  const software = { software: true, features: ['subgroups'] };
  const rounded = { ...shape, attention: { precision: 'finite', bits: 8, scale: 1 } } as const;

  test('software: rows in registers where they fit', () => {
    expect(defaultVariant(shape, software)).toBe('qb-fused');
    expect(defaultVariant({ keyWidth: 128, valueWidth: 16 }, software)).toBe('qb-fused');
    expect(defaultVariant({ keyWidth: 16, valueWidth: 132 }, software)).toBe('quad');
    expect(defaultVariant(shape, { software: true, features: [] })).toBe('quad');
  });

  test('hardware: workgroup tiles', () => {
    expect(defaultVariant(shape, { software: false, features: [] })).toBe('flash-wg');
  });

  test('one sequence by itself: split keys for few queries, but not to round', () => {
    expect(defaultVariantAlone(shape, software)).toBe('qb-fused');
    expect(defaultVariantAlone({ ...shape, lastRows: 1 }, software)).toBe('split-k');
    expect(defaultVariantAlone({ ...rounded, lastRows: 1 }, software)).toBe('qb-fused');
  });
});
