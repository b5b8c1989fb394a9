import { join } from 'node:path';
import { makeFolder } from '../../results/files.ts';
import { type FileData, writeWhole } from '../../shared/whole-file.ts';
import type { Curves, Frozen } from '../data.ts';
import { resultsOf } from './answers.ts';
import { builtPage } from './built-page.ts';
import type { FollowedRun } from './followed-run.ts';
import type { Library } from './library.ts';
import { shell } from './shell.ts';

/** Points of a training curve that are kept of each cell. */
const MOST_POINTS = 200;
/** Digits that numbers keep: what a float32 knows. `cells.jsonl` has all of them. */
const DIGITS = 7;

/**
 * Writes the page over what a library holds now: files that any server, or a disk, can hand out. Weights are left out.
 * @returns paths of the files, the page first, and their bytes together
 * @throws InputError when the folder cannot be written, MachineError when the page is not built
 */
export async function exportDashboard(
  library: Library,
  folder: string,
  built: string,
): Promise<{ files: string[]; bytes: number }> {
  await makeFolder(join(folder, 'engine'));
  const page = await builtPage(built);
  const frozen = await freeze(library);
  const files: [string, FileData][] = [
    ['index.html', shell({ frozen: true })],
    // What would end a script is no part of a text in it.
    ['data.js', `window.lengthwiseFrozen=${JSON.stringify(frozen, short).replaceAll('<', '\\u003c')};\n`],
    ...page,
  ];
  let bytes = 0;
  for (const [name, data] of files) {
    await writeWhole(join(folder, name), data);
    bytes += Buffer.byteLength(data as string | Uint8Array);
  }
  return { files: files.map(([name]) => join(folder, name)), bytes };
}

/** A value of the copy's JSON, in half the letters. */
function short(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
}

async function freeze(library: Library): Promise<Frozen> {
  const snapshot = library.snapshot();
  const frozen: Frozen = { snapshot, details: {}, curves: {}, results: {} };
  for (const { head } of snapshot.runs) {
    // Where it lay is of no use elsewhere, and nobody's business.
    head.folder = head.id;
    const run = library.run(head.id)!;
    const cells = [...run.rows.keys()];
    frozen.details[head.id] = await detailsOf(run, cells);
    const curves = await run.curvesOf(cells);
    frozen.curves[head.id] = Object.fromEntries(
      Object.entries(curves).map(([cell, curve]) => [cell, thinned(curve)]),
    );
    const results = await resultsOf(run);
    const named = results.cells.map(result =>
      frozen.details[head.id]![result.cell]?.line ? result.cell : result,
    );
    frozen.results[head.id] = { ...results, cells: named };
  }
  return frozen;
}

async function detailsOf(run: FollowedRun, cells: readonly string[]): Promise<Frozen['details'][string]> {
  const details: Frozen['details'][string] = {};
  for (const cell of cells) {
    const detail = await run.detailOf(cell);
    if (detail) details[cell] = { ...detail, model: null };
  }
  return details;
}

function thinned({ steps, losses, tests }: Curves): Curves {
  const every = Math.ceil(steps.length / MOST_POINTS);
  const kept = <T>(values: T[]) => values.filter((_, i) => i % every === 0 || i === values.length - 1);
  return { steps: kept(steps), losses: kept(losses), tests };
}
