import type { Run } from '../results/runs.ts';
import type { CellResult } from '../results/schema.ts';
import { meansAboveClaim } from './means-claim.ts';
import { groupsBySeed } from './plateau.ts';
import { meanOf } from './statistics.ts';
import type { Claim } from './verdict.ts';

/** Mass on the residue class of the answer, and uniformity on it, from which attention is called hardmax. */
export const HARDMAX = 0.9;

type Head = NonNullable<CellResult['attention']>['heads'][number];

/**
 * ModPTask: attention of the longest training length lies on the residue class that the answer is about, and is uniform on it. In every
 * setting the mean over seeds is shown to be above `HARDMAX` (`region.ts`).
 */
export function hardmaxClaims({ cells, manifest }: Pick<Run, 'cells' | 'manifest'>): Claim[] {
  const longest = cells.reduce((most, cell) => Math.max(most, Number(cell.axes['train.length'])), 0);
  const last = cells.filter(cell => Number(cell.axes['train.length']) === longest);
  if (!last.some(({ attention }) => attention)) return [];
  const { task } = manifest.experiment;
  const knob = (cell: CellResult, name: string) => Number(cell.axes[`task.${name}`] ?? task[name]);
  const claim = (
    id: string,
    statement: string,
    what: string,
    pick: (head: Head, cell: CellResult) => number,
  ) => {
    const settings = groupsBySeed(last).map(({ axes, members }) => ({
      axes,
      cells: members.length,
      values: members.flatMap(cell =>
        cell.attention ? [meanOf(cell.attention.heads.map(head => pick(head, cell)))] : [],
      ),
    }));
    return meansAboveClaim({ id, statement, what: `${what} at N = ${longest}`, least: HARDMAX }, settings);
  };
  return [
    claim(
      'hardmax-mass',
      'at the last position attention lies on the residue class that the answer is about',
      'mass on positions ≡ k (mod p)',
      ({ residueMass }, cell) => massOn(residueMass, knob(cell, 'k'), knob(cell, 'p')),
    ),
    claim(
      'hardmax-uniform',
      'attention is uniform on that residue class',
      '1 − total variation from uniform, on the residue class of most mass',
      ({ uniformity }) => uniformity,
    ),
  ];
}

/** Mass on positions ≡ k (mod p). A model whose period is no multiple of p cannot tell them: none. */
function massOn(residueMass: readonly number[], k: number, p: number): number {
  if (residueMass.length % p !== 0) return 0;
  return residueMass.reduce((sum, mass, r) => (r % p === k % p ? sum + mass : sum), 0);
}
