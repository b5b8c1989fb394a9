import { expect, test } from 'vitest';
import { type Dispatch, partsOf } from '../../../src/engine/dispatch.ts';

test('submissions hold as many dispatches, in order, as stay below the bound, and one that is above it alone', () => {
  const works = [3, 4, 4, 12, 1, 9, 2];
  const parts = partsOf(
    works.map(multiplyAdds => ({ multiplyAdds }) as Dispatch),
    10,
  );
  expect(parts.map(part => part.map(({ multiplyAdds }) => multiplyAdds))).toEqual([
    [3, 4],
    [4],
    [12],
    [1, 9],
    [2],
  ]);
  expect(partsOf([])).toEqual([]);
});
