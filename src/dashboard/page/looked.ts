import type { Place } from './address.ts';
import { filtered } from './query.ts';
import type { Store } from './store.ts';
import type { CellTable, Chosen } from './table.ts';

/** What is looked at: cells of the chosen runs that the filter lets through. */
export interface Looked {
  runs: CellTable[];
  chosen: Chosen[];
  cells: number;
  /** What is wrong with the filter. */
  problem: string | null;
}

/** The runs that the address names, all where it names none, through its filter. */
export function lookedAt(store: Store, place: Place): Looked {
  const named = place.list('run');
  const found = store.runs.filter(({ head }) => named.includes(head.id));
  const runs = found.length > 0 ? found : store.runs;
  const results = runs.map(table => ({ table, ...filtered(table, place.get('q')) }));
  const problems = results.flatMap(({ problem }) => problem ?? []);
  return {
    runs,
    chosen: results.filter(({ places }) => places.length > 0).map(({ table, places }) => ({ table, places })),
    cells: results.reduce((sum, { places }) => sum + places.length, 0),
    // What one run knows of is no mistake.
    problem: problems.length === results.length ? (problems[0] ?? null) : null,
  };
}
