import { describe, expect, test } from 'vitest';
import type { Attention, ModelConfig } from '../../../src/shared/model-config.ts';
import {
  depthOf,
  isDefined,
  QUANTITY_NAMES,
  type Quantity,
  undefinedLines,
  undefinedOf,
} from '../../../src/theory/defined.ts';

const INFINITE: Attention = { precision: 'infinite', scale: 1 };
const FINITE: Attention = { precision: 'finite', bits: 8, scale: 1 };
const SOFTMAX: Attention = { rule: 'softmax', encoding: 'alibi', logScale: false, scale: 1 };

const kind = (layers: number, attention: Attention, norm: ModelConfig['norm'] = 'none') => ({
  layers,
  attention,
  norm,
});
/** The quantities that layer 1 decides by its classes. */
const BY_CLASS: Quantity[] = ['logitMargin', 'effectiveMargin', 'hardmax', 'attention'];
const BY_PHI: Quantity[] = ['positionalMargin', 'regimes', 'layerRegimes'];
const BY_DEPTH: Quantity[] = ['complexity', 'bounds', 'simulation'];

describe('what the theory defines', () => {
  test.each<[string, ReturnType<typeof kind>, Quantity[]]>([
    ['one limit layer', kind(1, INFINITE), [...QUANTITY_NAMES]],
    ['two limit layers', kind(2, INFINITE), [...BY_CLASS, ...BY_PHI, ...BY_DEPTH]],
    ['two finite layers', kind(2, FINITE), [...BY_CLASS, 'positionalMargin', 'regimes', ...BY_DEPTH]],
    ['three limit layers', kind(3, INFINITE), [...BY_CLASS, ...BY_PHI]],
    ['twelve finite layers', kind(12, FINITE), [...BY_CLASS, 'positionalMargin', 'regimes']],
    ['one limit layer with a norm', kind(1, INFINITE, 'rms'), BY_PHI],
    ['six limit layers with a norm', kind(6, INFINITE, 'rms'), BY_PHI],
    ['one softmax layer', kind(1, SOFTMAX), []],
    ['four softmax layers with a norm', kind(4, SOFTMAX, 'rms'), []],
  ])('for %s', (_, model, quantities) => {
    const defined = QUANTITY_NAMES.filter(quantity => isDefined(quantity, model));
    expect(defined.sort()).toEqual([...quantities].sort());
    expect(Object.keys(undefinedOf(model))).toHaveLength(QUANTITY_NAMES.length - quantities.length);
  });

  test('says what a model has instead, a line a reason', () => {
    expect(undefinedLines(kind(1, INFINITE))).toEqual([]);
    expect(undefinedLines(kind(2, INFINITE))).toEqual(['not defined for two layers: L(f), certificate']);
    expect(undefinedLines(kind(3, FINITE))).toEqual([
      'not defined for finite precision, 8 bits: regimes',
      'not defined for three layers: C(f), bounds on the training length, simulation by short strings, L(f), certificate',
    ]);
    expect(undefinedOf(kind(3, INFINITE, 'rms')).complexity).toBe('norm rms');
    expect(new Set(Object.values(undefinedOf(kind(2, SOFTMAX))))).toEqual(new Set(['softmax attention']));
  });

  test('counts layers in words', () => {
    expect([1, 2, 12].map(layers => depthOf({ layers }))).toEqual([
      'one layer',
      'two layers',
      'twelve layers',
    ]);
  });
});
