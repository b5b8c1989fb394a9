import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../results/files.ts';
import { type FileData, writeWhole } from '../../shared/whole-file.ts';
import type { Curve, Frozen } from '../data.ts';
import { resultsOf } from './answers.ts';
import type { FollowedRun } from './followed-run.ts';
import type { Library } from './library.ts';
import { engineFiles } from './serve.ts';
import { shell, styleSheet } from './shell.ts';

/** Points of a training curve that are kept of each cell. */
const MOST_POINTS = 200;

/**
 * Writes the page over what a library holds now: files that any server, or a disk, can hand out. Weights are left out.
 * @returns paths of the files, the page first, and their bytes together
 * @throws InputError when the folder cannot be written
 */
export async function exportDashboard(
  library: Library,
  folder: string,
  built: string,
): Promise<{ files: string[]; bytes: number }> {
  await makeFolder(join(folder, 'engine'));
  const read = (...names: string[]) => readFile(join(built, ...names));
  const frozen = await freeze(library);
  const files: [string, FileData][] = [
    ['index.html', shell({ frozen: true })],
    ['page.js', await read('dashboard', 'page.js')],
    ['reference.js', await read('dashboard', 'reference.js')],
    ['style.css', styleSheet((await read('dashboard', 'style.css')).toString())],
    // U+2028 and what would end a script are no part of a JSON text that is one.
    ['data.js', `window.lengthwiseFrozen=${JSON.stringify(frozen).replaceAll('<', '\\u003c')};\n`],
  ];
  for (const name of await engineFiles(built)) files.push([`engine/${name}`, await read('page', name)]);
  let bytes = 0;
  for (const [name, data] of files) {
    await writeWhole(join(folder, name), data);
    bytes += Buffer.byteLength(data as string | Uint8Array);
  }
  return { files: files.map(([name]) => join(folder, name)), bytes };
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
    frozen.results[head.id] = await resultsOf(run);
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

function thinned({ steps, losses }: Curve): Curve {
  const every = Math.ceil(steps.length / MOST_POINTS);
  const kept = <T>(values: T[]) => values.filter((_, i) => i % every === 0 || i === values.length - 1);
  return { steps: kept(steps), losses: kept(losses) };
}
