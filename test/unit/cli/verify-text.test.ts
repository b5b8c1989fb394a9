import { expect, test } from 'vitest';
import type { Claim } from '../../../src/analysis/verdict.ts';
import { findingsText } from '../../../src/cli/verify-text.ts';

const claim = (name: string, changes: Partial<Claim> = {}): Claim => ({
  id: `made-up/${name}`,
  statement: `what ${name} states`,
  statistic: `how ${name} is decided`,
  value: 0.5,
  interval: [0.4, 0.6],
  confidence: 0.9,
  threshold: 0.1,
  verdict: 'shown',
  lacks: null,
  pValue: 0.004,
  level: 0.05,
  pFloor: null,
  seeds: 9,
  diverged: 0,
  remarks: [],
  ...changes,
});
const claims = [
  claim('plateau', { verdict: 'undecided', remarks: ['a remark on it'] }),
  claim('monotone-N', { pFloor: 0.001 }),
  claim('hardmax-mass'),
  claim('a-claim-of-tomorrow', {
    verdict: 'undecided',
    lacks: 'needs at least 3 seeds',
    value: null,
    interval: null,
  }),
];
const textOf = (details: boolean) => findingsText({ runs: [], damaged: [], claims, required: [] }, details);

test('a table for each statistic, named by it, and what stands against the claims that are not shown', () => {
  const text = textOf(false);
  expect(text).toMatch(/^4 claims: 2 shown, 2 undecided/);
  expect(text.match(/│ claim /g)).toHaveLength(4);
  expect(text).toMatch(/│ slope +│ 90 % interval │ within ± │ p \(level 0\.05\) │/);
  expect(text).toMatch(/│ strength .* least p/);
  expect(text).toContain('made-up/plateau: undecided; a remark on it');
  expect(text).toMatch(/a-claim-of-tomorrow │ too little/);
  expect(text).not.toMatch(/how plateau is decided|undefined|NaN/);
  expect(textOf(true)).toContain('made-up/plateau: what plateau states: how plateau is decided');
});
