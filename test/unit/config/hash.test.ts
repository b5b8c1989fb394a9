import { expect, test } from 'vitest';
import { canonicalHash, canonicalHasher } from '../../../src/config/hash.ts';
import fc from '../../support/property.ts';

test('hashes of many objects are those of each, whatever the order of keys', () => {
  const field = fc.jsonValue({ maxDepth: 2 });
  const objects = fc.array(fc.record({ train: field, model: field, seed: field }), { maxLength: 5 });
  fc.assert(
    fc.property(objects, values => {
      const hashOf = canonicalHasher(12);
      for (const value of values) {
        const turned = Object.fromEntries(Object.entries(value).reverse());
        expect(hashOf(value)).toBe(canonicalHash(value, 12));
        expect(hashOf(turned)).toBe(canonicalHash(value, 12));
      }
    }),
  );
});
