import { join } from 'node:path';
import { readRun, runFolders } from '../results/runs.ts';
import type { CellResult, Manifest } from '../results/schema.ts';
import { Store } from '../results/store.ts';
import { takeOver } from '../results/take-over.ts';
import { InputError } from '../shared/errors.ts';
import { recordedCells } from './recorded-cells.ts';

/** A run that others were merged into. */
export interface Merged {
  name: string;
  folder: string;
  /** Cells that are in it now, of those of its grid. */
  cells: number;
  of: number;
  /** Cells that this added. */
  added: number;
  /** Runs that were read. */
  from: string[];
  conflicts: Conflict[];
}

/** A cell whose numbers differ between two runs. The first counts. */
export interface Conflict {
  cell: string;
  kept: { adapter: string; folder: string };
  other: { adapter: string; folder: string };
}

/**
 * Merges all runs below some folders: those of one grid and one engine become one run, `<out>/<experiment>/<run>`, every cell once, with
 * weights and curves. What is there already stays; the folders that are read stay as they are.
 * @throws InputError when a folder holds no run, or one that is damaged, MachineError when the disk refuses.
 */
export async function mergeRuns(
  folders: readonly string[],
  out: string,
  say: (line: string) => void,
): Promise<Merged[]> {
  const grids = new Map<string, { folder: string; manifest: Manifest }[]>();
  for (const folder of folders) {
    const runs = await runFolders(folder);
    if (runs.length === 0)
      throw new InputError(
        `${folder}: no run in it (no manifest.json)`,
        'Give folders that `lengthwise run` has written, or that hold several.',
      );
    for (const run of runs) {
      const { manifest } = await readRun(run);
      const key = join(out, manifest.name, runOf(manifest));
      grids.set(key, [...(grids.get(key) ?? []), { folder: run, manifest }]);
    }
  }
  const merged: Merged[] = [];
  for (const [folder, sources] of grids) merged.push(await mergeInto(folder, sources, say));
  return merged;
}

async function mergeInto(
  folder: string,
  sources: readonly { folder: string; manifest: Manifest }[],
  say: (line: string) => void,
): Promise<Merged> {
  const store = await Store.open(folder, { fresh: false, onTorn: say });
  try {
    const before = store.cells;
    const numbers = new Map(before.map(cell => [cell.cell, { cell, folder }]));
    const conflicts: Conflict[] = [];
    for (const source of sources) {
      if (source.folder === folder) continue;
      const { cells } = await readRun(source.folder);
      for (const cell of cells) {
        const known = numbers.get(cell.cell);
        if (known === undefined) numbers.set(cell.cell, { cell, folder: source.folder });
        else if (numbersOf(known.cell) !== numbersOf(cell))
          conflicts.push({
            cell: cell.cell,
            kept: { adapter: known.cell.adapter, folder: known.folder },
            other: { adapter: cell.adapter, folder: source.folder },
          });
      }
      const wanted = cells.map(({ cell, axes }) => ({ hash: cell, axes }));
      const { run, grid = run, engine = null } = source.manifest;
      await takeOver(store, wanted, [{ folder: source.folder, run, grid, engine }], () => true);
    }
    const { cells } = store;
    const manifest = manifestOf(
      sources.map(source => source.manifest),
      cells,
    );
    await store.writeManifest(manifest);
    return {
      name: manifest.name,
      folder,
      cells: cells.length,
      of: manifest.cells,
      added: cells.length - before.length,
      from: sources.map(source => source.folder),
      conflicts,
    };
  } finally {
    await store.close();
  }
}

/** A run's name without the shard's. */
function runOf({ run, shard }: Manifest): string {
  return shard === undefined ? run : run.replace(/-\d+of\d+$/, '');
}

/** What training decides of a cell. */
function numbersOf({ trainLoss, divergedAtStep, test }: CellResult): string {
  return JSON.stringify([trainLoss, divergedAtStep, test]);
}

/** Of the first, with the times of all. */
function manifestOf(manifests: readonly Manifest[], cells: readonly CellResult[]): Manifest {
  const [first] = manifests as [Manifest];
  const { shard: _, ...rest } = first;
  const starts = manifests.map(({ start }) => start).sort();
  const ends = manifests.flatMap(({ end }) => end ?? []).sort();
  const of = Math.max(sizeOf(first), cells.length);
  return {
    ...rest,
    run: runOf(first),
    cells: of,
    start: starts[0]!,
    end: cells.length === of ? (ends.at(-1) ?? null) : null,
    finished: cells.length,
    diverged: cells.filter(({ divergedAtStep }) => divergedAtStep !== null).length,
  };
}

/** Cells of the whole grid. */
function sizeOf({ shard, cells, name, engine, experiment }: Manifest): number {
  if (shard === undefined) return cells;
  return recordedCells({ name, engine, experiment }, 'manifest.json').length;
}
