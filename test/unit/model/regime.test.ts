import { expect, test } from 'vitest';
import { regimesOf } from '../../../src/model/regime.ts';
import type { ModelConfig } from '../../../src/shared/model-config.ts';
import { BASE, builtModel } from '../../support/models.ts';

test('regimes of every layer and head, whatever the depth', () => {
  const model = builtModel({ ...BASE, layers: 3 }, [
    ['layer.0.phi', [1, 2], 1],
    ['layer.1.phi', [0, 0], 1.5],
    ['layer.2.phi', [1, 1], 1],
  ]);
  expect(regimesOf(model)).toEqual([
    ['token', 'balanced'],
    ['position', 'token'],
    ['token', 'balanced'],
  ]);
});

test('regimes are of infinite precision alone', () => {
  const others: ModelConfig['attention'][] = [
    { precision: 'finite', bits: null, scale: 1 },
    { rule: 'softmax', encoding: 'alibi', logScale: true, scale: 1 },
  ];
  for (const attention of others)
    expect(regimesOf(builtModel({ ...BASE, locality: 0, attention }, []))).toBeUndefined();
});
