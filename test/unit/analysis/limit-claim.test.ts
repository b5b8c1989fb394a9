import { expect, test } from 'vitest';
import { settingsLearned } from '../../../src/analysis/learned.ts';
import { limitClaim } from '../../../src/analysis/limit-claim.ts';
import { plateauOf, testLevelAt } from '../../../src/analysis/plateau.ts';
import type { CellLine } from '../../../src/results/schema.ts';
import { cellLine } from '../../support/cells.ts';

const YARDSTICK = { plateau: () => 1, training: () => 1 };

/** Seeds of one setting, flat but for a little noise at T = 16 … 256, with their losses at T = ∞. */
function cells(infinity: readonly number[], { margin = 2, loss = 0.01 } = {}): CellLine[] {
  return infinity.map((own, seed) => ({
    ...cellLine({ 'train.length': 16, seed }, Array(5).fill(loss * (1 + seed / 100))),
    population: { exact: [], infinity: { loss: own, stderr: 0, laws: 1, margin } },
  }));
}
const claim = (lines: CellLine[]) => limitClaim(settingsLearned(lines, YARDSTICK));

test('a loss that is at T = ∞ what it is at the longest T has arrived', () => {
  expect(claim(cells([0.011, 0.0095, 0.01, 0.0105]))).toMatchObject({
    verdict: 'shown',
    remarks: [],
    seeds: 4,
  });
});

test('a loss that is flat as far as it was tested and ten times as large at ∞ is a mirage', () => {
  const found = claim(cells([0.1, 0.09, 0.11]))!;
  expect(found.verdict).toBe('refuted');
  expect(found.value).toBeCloseTo(Math.log2(10), 0);
  expect(found.remarks.join()).toMatch(/mirages, flat up to T = 256 and higher at ∞: N = 16/);
});

test('a loss that falls on to ∞ has not arrived, and is no mirage', () => {
  const found = claim(cells([0.001, 0.0009, 0.0011]))!;
  expect(found.verdict).toBe('refuted');
  expect(found.remarks.join()).toMatch(/another loss at ∞/);
  expect(found.remarks.join()).not.toMatch(/mirage/);
});

test('seeds that do not agree decide nothing, two seeds neither', () => {
  expect(claim(cells([0.01, 0.05, 0.003]))!.verdict).toBe('undecided');
  expect(claim(cells([0.01, 0.01]))).toMatchObject({ verdict: 'undecided', lacks: 'needs at least 3 seeds' });
});

test('a φ near 1 is said, whatever the verdict', () => {
  expect(claim(cells([0.01, 0.01, 0.01], { margin: 0.05 }))!.remarks.join()).toMatch(/so near 1/);
});

test('models that learned nothing, and runs without losses at ∞, have no such claim', () => {
  expect(claim(cells([0.9, 0.9, 0.9], { loss: 0.9 }))).toBeUndefined();
  expect(claim([0, 1, 2].map(seed => cellLine({ 'train.length': 16, seed }, [0.01, 0.01])))).toBeUndefined();
});

test('an exact expectation stands in place of a sampled loss, in plateaus too', () => {
  const [cell] = cells([0.01]);
  const exact = [{ length: 256, loss: 0.02 }];
  const known = { ...cell!, population: { ...cell!.population!, exact } };
  expect([testLevelAt(known, 128), testLevelAt(known, 256), testLevelAt(known, 512)]).toEqual([
    0.01,
    0.02,
    null,
  ]);
  expect(plateauOf(known)).toBeCloseTo(0.01 * 2 ** (1 / 4), 6);
});
