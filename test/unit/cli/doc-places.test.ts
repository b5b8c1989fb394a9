import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { withDocPlaces } from '../../../src/cli/doc-places.ts';
import { CHECKOUT } from '../../support/pages.ts';

test.each([
  ['in a clone', CHECKOUT, join('docs', 'tasks.md')],
  [
    'above the package',
    dirname(dirname(CHECKOUT)),
    join(...CHECKOUT.split('/').slice(-2), 'docs', 'tasks.md'),
  ],
  ['elsewhere', join(CHECKOUT, 'src', 'cli'), join(CHECKOUT, 'docs', 'tasks.md')],
])('a page is named by where it lies: %s', (_where, from, place) => {
  expect(withDocPlaces('See docs/tasks.md.', from)).toBe(`See ${place}.`);
});
