import { expect, test } from 'vitest';
import { apart, together } from '../../../src/results/leaves.ts';
import fc from '../../support/property.ts';

/** Any JSON but with the one name that an object cannot be given, and no line has. */
const json = fc.jsonValue().filter(value => !JSON.stringify(value).includes('__proto__'));

test('a JSON value is what its shape makes of its leaves, and shapes tell nothing of leaves', () => {
  fc.assert(
    fc.property(json, value => {
      const { shape, leaves } = apart(value);
      expect(together(JSON.parse(JSON.stringify(shape)))(leaves)).toEqual(value);
      expect(apart(shape)).toEqual({ shape, leaves: leaves.map(() => 0) });
    }),
  );
});

test('what JSON leaves out is left out', () => {
  expect(apart({ loss: 1, theory: undefined })).toEqual({ shape: { loss: 0 }, leaves: [1] });
});

test('leaves that are too many or too few are refused', () => {
  const build = together({ test: [0, 0], seed: 0 });
  expect(build(['a', null, 3])).toEqual({ test: ['a', null], seed: 3 });
  for (const leaves of [
    [1, 2],
    [1, 2, 3, 4],
  ])
    expect(() => build(leaves)).toThrow('leaves for 3 places');
});
