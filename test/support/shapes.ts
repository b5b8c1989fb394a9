import fc from 'fast-check';
import type { ModelConfig } from '../../src/shared/model-config.ts';
import { BASE } from './models.ts';

/**
 * Shapes of small models for property tests. Finite precision without rounding: rounding to bits is discontinuous, so a weight near the
 * threshold may round differently in float32.
 */
export function shapes(): fc.Arbitrary<ModelConfig> {
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
      ),
    })
    .map(shape => ({ ...BASE, ...shape }));
}
