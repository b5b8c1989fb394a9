import { z } from 'zod';
import { labelOf } from '../results/axes.ts';
import type { Run } from '../results/runs.ts';
import { groupsBySeed, plateauOf } from './plateau.ts';
import { holm, meanOf, pool, tInterval, upperTail } from './statistics.ts';
import type { Claim } from './verdict.ts';

/** Plateaus of one setting, a number a seed: what a baseline is made of. `verify --json` prints them. */
export const plateauRowSchema = z.object({
  experiment: z.string(),
  axes: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
  plateaus: z.array(z.number().positive()),
});
export type PlateauRow = z.infer<typeof plateauRowSchema>;

/** Significance of a setting having worsened, adjusted for how many there are. */
const SIGNIFICANT = 0.05;

/** Plateaus of every setting of runs. Diverged seeds and plateaus of exactly 0 have no logarithm and are left out. */
export function plateauRows(runs: readonly Run[]): PlateauRow[] {
  return runs.flatMap(({ manifest, cells }) =>
    groupsBySeed(cells).map(({ axes, members }) => ({
      experiment: manifest.name,
      axes,
      plateaus: members.flatMap(cell => plateauOf(cell) || []),
    })),
  );
}

/**
 * No plateau is worse than the baseline's beyond its interval: t-tests of log plateaus on the variance pooled over settings and both
 * sides, Holm-adjusted. A guard, not a proof: refuted where one is shown to be worse or has gone, `shown` means that none is. Undefined
 * when no setting has a plateau in both.
 */
export function baselineClaim(
  current: readonly PlateauRow[],
  baseline: readonly PlateauRow[],
): Claim | undefined {
  const keyOf = ({ experiment, axes }: PlateauRow) =>
    JSON.stringify([experiment, Object.entries(axes).sort(([a], [b]) => (a < b ? -1 : 1))]);
  const before = new Map(baseline.map(row => [keyOf(row), row]));
  const pairs = current.flatMap(row => {
    const old = before.get(keyOf(row));
    return old && old.plateaus.length > 0 ? [{ row, old }] : [];
  });
  const logs = (row: PlateauRow) => row.plateaus.map(Math.log);
  const { variance, freedom } = pool(pairs.flatMap(({ row, old }) => [logs(row), logs(old)]));
  const compared = pairs
    .filter(({ row }) => row.plateaus.length > 0)
    .map(({ row, old }) => {
      const rise = meanOf(logs(row)) - meanOf(logs(old));
      const error = Math.sqrt(variance * (1 / row.plateaus.length + 1 / old.plateaus.length));
      return { row, rise, error };
    });
  const lost = pairs.filter(({ row }) => row.plateaus.length === 0);
  if (compared.length === 0) return undefined;
  // Without spread (one seed each), any rise counts.
  const tests = compared.map(({ rise, error }) =>
    freedom > 0 && error > 0 ? upperTail(rise / error, freedom) : rise > 0 ? 0 : 1,
  );
  const adjusted = holm(tests);
  const worse = adjusted.flatMap((p, i) => (p < SIGNIFICANT ? [compared[i]!] : []));
  const most = compared.reduce((top, other) => (other.rise > top.rise ? other : top), compared[0]!);
  return {
    id: 'baseline',
    statement: 'no plateau is worse than the baseline beyond its interval',
    statistic: `plateau over the baseline’s, where it rose most (${labelOf(most.row.axes)})`,
    value: Math.exp(most.rise),
    interval: tInterval(most.rise, most.error, freedom).map(Math.exp) as [number, number],
    confidence: 0.95,
    threshold: 1,
    level: SIGNIFICANT,
    verdict: worse.length === 0 && lost.length === 0 ? 'shown' : 'refuted',
    lacks: null,
    seeds: compared.reduce((sum, { row }) => sum + row.plateaus.length, 0),
    diverged: lost.length,
    pValue: adjusted.reduce((least, p) => Math.min(least, p), 1),
    pFloor: null,
    remarks: [
      ...worse.map(
        ({ row, rise }) =>
          `${row.experiment}, ${labelOf(row.axes)}: ${Math.exp(rise).toFixed(2)} times the baseline’s`,
      ),
      ...lost.map(({ row }) => `${row.experiment}, ${labelOf(row.axes)}: has no plateau any more`),
      `${pairs.length} of ${current.length} settings are in the baseline, which has ${baseline.length}`,
    ],
  };
}
