import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cliHere } from '../../support/cli.ts';

const SMOKE = join(import.meta.dirname, '..', '..', '..', 'experiments', 'smoke.yaml');

test.each([
  { args: ['run', SMOKE, '--host', '0.0.0.0'], says: '--host means nothing to --runtime chrome' },
  {
    args: ['run', SMOKE, '--runtime', 'tab', '--profile'],
    says: '--profile: clocks of a tab are too coarse',
  },
  { args: ['bench', '--runtime', 'tab'], says: 'Allowed choices are chrome, dawn, auto' },
  { args: ['doctor', '--host', '0.0.0.0'], says: '--host means nothing without --runtime tab' },
])('$args.0 … $says', async ({ args, says }) => {
  const { code, stdout, stderr } = await cliHere(args);
  expect(stderr).toContain(says);
  expect(code).toBe(2);
  expect(stdout).toBe('');
});
