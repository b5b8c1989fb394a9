import { expect, test } from 'vitest';
import { labelOf, settingOf } from '../../../src/results/axes.ts';

test('axes go by the symbols of the paper; seeds are never named, training length is no part of a setting', () => {
  const axes = { 'task.omega': 2, 'train.length': 8, 'model.heads': 1, seed: 3 };
  expect(labelOf(axes)).toBe('ω = 2, N = 8, heads = 1');
  expect(labelOf(settingOf(axes))).toBe('ω = 2, heads = 1');
});

test('axes of depth and attention have names; what a cell has no use for is left out, and no bits are ∞', () => {
  const axes = { 'model.layers': 3, 'model.attention.encoding': 'alibi', 'model.attention.ropeBase': null };
  expect(labelOf({ ...axes, 'model.attention.logScale': true, 'train.positions': 'every' })).toBe(
    'layers = 3, encoding = alibi, log scale = true, targets = every',
  );
  expect(labelOf({ 'model.attention.bits': null })).toBe('bits = ∞');
});
