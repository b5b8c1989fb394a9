import { expect, test } from 'vitest';
import { isLinear, pathsOf } from '../../../src/model/paths.ts';
import type { ModelConfig } from '../../../src/shared/model-config.ts';
import { BASE } from '../../support/models.ts';

const limit = (layers: number): ModelConfig => ({ ...BASE, layers });
const softmax: ModelConfig = {
  ...BASE,
  locality: 0,
  attention: { rule: 'softmax', encoding: 'none', logScale: false, scale: 0.5 },
};

test('a first layer under a limit rule goes by class, a second and last one by its query, the rest is dense', () => {
  expect(pathsOf(limit(1), 'last')).toEqual(['class']);
  expect(pathsOf(limit(1), 'every')).toEqual(['class']);
  expect(pathsOf(limit(2), 'last')).toEqual(['class', 'query']);
  expect(pathsOf(limit(2), 16)).toEqual(['class', 'dense']);
  expect(pathsOf(limit(2), 'every')).toEqual(['class', 'dense']);
  expect(pathsOf(limit(4), 'last')).toEqual(['class', 'dense', 'dense', 'dense']);
});

test('softmax and norms have no classes', () => {
  expect(pathsOf({ ...softmax, layers: 3 }, 'last')).toEqual(['dense', 'dense', 'dense']);
  expect(pathsOf({ ...limit(2), norm: 'rms' }, 'last')).toEqual(['dense', 'dense']);
});

test('whoever asks for dense attention gets it in every layer', () => {
  for (const layers of [1, 2, 5])
    expect(pathsOf(limit(layers), 'last', 'dense')).toEqual(Array(layers).fill('dense'));
});

test('the last position costs linear time in limit models of one or two layers without norm', () => {
  expect([1, 2, 3].map(layers => isLinear(limit(layers)))).toEqual([true, true, false]);
  expect(isLinear({ ...limit(1), norm: 'rms' })).toBe(false);
  expect(isLinear(softmax)).toBe(false);
});
