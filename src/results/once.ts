import type { Run } from './runs.ts';
import type { CellResult } from './schema.ts';

/**
 * Runs in which every cell is counted once. Cells of one experiment with one hash are one cell, wherever they lie: copies that were taken
 * over, a run and its shards, a wider grid beside a narrower. Runs that share cells and axes become one; of others, the largest keeps what
 * it shares.
 */
export function countedOnce(runs: readonly Run[]): Run[] {
  const kept: Gathered[] = [];
  for (const run of [...runs].sort((a, b) => b.cells.length - a.cells.length)) {
    const ofName = kept.filter(other => other.run.manifest.name === run.manifest.name);
    const shares = (other: Gathered) => run.cells.some(({ cell }) => other.cells.has(cell));
    const host = ofName.find(
      other => hasSameAxes(other.run, run) && (isSameGrid(other.run, run) || shares(other)),
    );
    const isNew = ({ cell }: CellResult) => !ofName.some(other => other.cells.has(cell));
    const own = run.cells.filter(isNew);
    const repeated = run.cells.length - own.length;
    const note =
      repeated > 0 ? [`${repeated} of its cells also lie in ${run.folder}; each is counted once`] : [];
    if (host) {
      for (const cell of own) host.cells.set(cell.cell, cell);
      if (own.length > 0) host.others.push(run.folder);
      host.planned = isOtherShard(host.run, run)
        ? host.planned + run.manifest.cells
        : Math.max(host.planned, run.manifest.cells);
      host.missing.push(...run.missing, ...note);
    } else if (own.length > 0 || run.cells.length === 0) {
      kept.push({
        run,
        cells: new Map(own.map(cell => [cell.cell, cell])),
        others: [],
        missing: [...run.missing],
        planned: run.manifest.cells,
      });
    } else ofName.find(shares)!.missing.push(...note);
  }
  const gathered = new Map(kept.map(each => [each.run, each]));
  return runs.flatMap(run => {
    const own = gathered.get(run);
    if (!own) return [];
    const cells = [...own.cells.values()];
    const manifest = { ...run.manifest, cells: Math.max(own.planned, cells.length) };
    return [{ ...run, others: own.others, manifest, cells, missing: own.missing }];
  });
}

/** A run with what others add to it. */
interface Gathered {
  run: Run;
  cells: Map<string, CellResult>;
  /** Folders of the others. */
  others: string[];
  missing: string[];
  /** Cells of the grid, or of its parts that were met. */
  planned: number;
}

function isSameGrid({ manifest: a }: Run, { manifest: b }: Run): boolean {
  return (a.grid ?? a.run) === (b.grid ?? b.run) && a.engine === b.engine;
}

function isOtherShard({ manifest: a }: Run, { manifest: b }: Run): boolean {
  return a.shard !== undefined && b.shard !== undefined && a.shard !== b.shard;
}

/** Axes are the same in every cell of a run. */
function hasSameAxes(a: Run, b: Run): boolean {
  const namesOf = ({ cells }: Run) => JSON.stringify(Object.keys(cells[0]?.axes ?? {}).sort());
  return a.cells.length === 0 || b.cells.length === 0 || namesOf(a) === namesOf(b);
}
