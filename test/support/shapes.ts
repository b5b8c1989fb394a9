import type { ModelConfig } from '../../src/shared/model-config.ts';
import { BASE } from './models.ts';
import fc from './property.ts';

/**
 * Shapes of small models for property tests. Rounding to bits is discontinuous, so a weight near the threshold may round differently in
 * float32: `rounding` is for comparisons within float64.
 */
export function shapes({ rounding = false } = {}): fc.Arbitrary<ModelConfig> {
  return fc
    .record({
      layers: fc.constantFrom<1 | 2>(1, 2),
      heads: fc.integer({ min: 1, max: 3 }),
      period: fc.integer({ min: 1, max: 4 }),
      locality: fc.integer({ min: 0, max: 4 }),
      vocabulary: fc.integer({ min: 1, max: 5 }),
      width: fc.constantFrom(5, 8),
      keyWidth: fc.constantFrom(3, 8),
      mlpWidth: fc.constantFrom(0, 10, 16),
      activation: fc.constantFrom<'relu' | 'gelu'>('relu', 'gelu'),
      attention: fc.constantFrom<ModelConfig['attention']>(
        { precision: 'infinite', scale: 0.5 },
        { precision: 'finite', bits: null, scale: 0.2 },
        ...(rounding ? [{ precision: 'finite' as const, bits: 6, scale: 0.2 }] : []),
      ),
    })
    .map(shape => ({ ...BASE, ...shape }));
}

/** Shapes of small models of any depth, rule, encoding and norm. */
export function anyShapes(): fc.Arbitrary<ModelConfig> {
  const softmax = fc.record({
    rule: fc.constant('softmax' as const),
    encoding: fc.constantFrom(
      { encoding: 'none' as const },
      { encoding: 'absolute' as const, maxLength: 64 },
      { encoding: 'rope' as const, ropeBase: 50 },
      { encoding: 'alibi' as const },
    ),
    logScale: fc.boolean(),
  });
  const depth = fc.record({
    layers: fc.integer({ min: 1, max: 4 }),
    norm: fc.constantFrom('none' as const, 'rms' as const),
  });
  return fc.tuple(shapes(), depth, fc.option(softmax)).map(([shape, deep, ordinary]) => {
    if (!ordinary) return { ...shape, ...deep };
    const { encoding, ...rest } = ordinary;
    const keyWidth = 2 * Math.ceil(shape.keyWidth / 2);
    const attention = { ...rest, ...encoding, scale: 0.5 };
    return { ...shape, ...deep, keyWidth, period: 1, locality: 0, attention };
  });
}
