import Table from 'cli-table3';
import { exactMatchOf, hasClasses } from '../analysis/accuracy.ts';
import { groupsBySeed } from '../analysis/plateau.ts';
import { labelOf } from '../results/axes.ts';
import type { CellResult } from '../results/schema.ts';

/**
 * Exact match by test length, for people: the mean over runs, all of them counted, with its interval. Empty where targets are no classes.
 */
export function accuracySummary(cells: readonly CellResult[]): string {
  if (!hasClasses(cells)) return '';
  const lengths = [...new Set(cells.flatMap(({ test }) => test.map(({ length }) => length)))].sort(
    (a, b) => a - b,
  );
  const table = new Table({
    head: ['trained cells', 'runs', ...lengths.map(length => `T = ${length}`)],
    colAligns: ['left', 'right', ...lengths.map(() => 'right' as const)],
    style: { head: [], border: [] },
  });
  for (const { axes, members } of groupsBySeed(cells)) {
    const rates = lengths.map(length =>
      exactMatchOf(members.flatMap(({ test }) => test.filter(point => point.length === length))),
    );
    table.push([
      labelOf(axes),
      members.length,
      ...rates.map(rate =>
        rate ? `${rate.mean.toFixed(3)} [${rate.interval.map(end => end.toFixed(3)).join(', ')}]` : '',
      ),
    ]);
  }
  return [
    'Exact match: share of sequences that are right in every read, mean over all runs (95 %: over runs, and no less than over sequences)',
    table.toString(),
  ].join('\n');
}
