import fc from 'fast-check';
import { expect, test } from 'vitest';
import { panelsOf } from '../../../src/engine/dense-panels.ts';

const shapes = fc.record({
  heads: fc.integer({ min: 1, max: 4 }),
  length: fc.integer({ min: 1, max: 3000 }),
  lastRows: fc.integer({ min: 1, max: 3000 }),
  keyWidth: fc.constant(16),
  valueWidth: fc.constant(16),
  locality: fc.constant(0),
  attention: fc.constant({ precision: 'infinite', scale: 1 } as const),
});

test('property: panels cover every wanted row of every head once, and keep to their floats or to one tile', () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 1, max: 1e6 }), (shape, floats) => {
      const { heads, length } = shape;
      const first = length - Math.min(shape.lastRows, length);
      const seen = new Set<number>();
      for (const panel of panelsOf(shape, floats)) {
        const scores = panel.heads * panel.rows * 4 * Math.ceil(length / 4);
        expect(scores <= floats || (panel.heads === 1 && panel.rows <= 32)).toBe(true);
        for (let h = panel.firstHead; h < panel.firstHead + panel.heads; h++) {
          for (let i = panel.firstRow; i < panel.firstRow + panel.rows; i++) {
            expect(seen.has(h * length + i)).toBe(false);
            seen.add(h * length + i);
          }
        }
      }
      expect(seen.size).toBe(heads * (length - first));
      expect(Math.min(...[...seen].map(place => place % length))).toBe(first);
    }),
    { numRuns: 60 },
  );
});
