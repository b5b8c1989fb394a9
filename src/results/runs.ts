import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, messageOf } from '../shared/errors.ts';
import { whatIsWrong } from './lines.ts';
import { countedOnce } from './once.ts';
import { type CellResult, type Manifest, manifestSchema } from './schema.ts';
import { modelPath, readCells } from './store.ts';

/** A run as it lies on the disk. */
export interface Run {
  folder: string;
  /** Folders of other runs that some of its cells lie in, with their models and curves (`once.ts`). */
  others?: string[];
  /** The experiment's name, with the run's where several runs of that name were read: `figure-2@c83112de`. */
  name: string;
  manifest: Manifest;
  cells: CellResult[];
  /** What is missing, in words. */
  missing: string[];
}

/** Runs that a folder may hold, however deep: `results/<experiment>/<run>/`, and collections of these. */
const MOST_DEPTH = 4;

/**
 * Reads every run below a folder, every cell once. Runs whose files cannot be read are named in `damaged`; half-finished ones say what is
 * missing.
 * @throws InputError when the folder cannot be read or holds no run that can.
 */
export async function readRuns(folder: string): Promise<{ runs: Run[]; damaged: string[] }> {
  const folders = await runFolders(folder);
  const runs: Run[] = [];
  const damaged: string[] = [];
  for (const path of folders) {
    try {
      runs.push(await readRun(path));
    } catch (error) {
      damaged.push(messageOf(error));
    }
  }
  if (runs.length === 0) {
    const what = damaged.length > 0 ? damaged[0]! : `${folder}: no run in it (no manifest.json)`;
    throw new InputError(what, 'Give a folder that `lengthwise run` has written, or one that holds several.');
  }
  const once = countedOnce(runs);
  return { runs: once.map(run => ({ ...run, name: nameAmong(once, run) })), damaged };
}

function nameAmong(runs: readonly Run[], { manifest: { name, run } }: Run): string {
  return runs.filter(({ manifest }) => manifest.name === name).length > 1 ? `${name}@${run}` : name;
}

/** Reads one run. @throws InputError when its manifest or a line of it is damaged */
export async function readRun(folder: string): Promise<Run> {
  const path = join(folder, 'manifest.json');
  let manifest: Manifest;
  try {
    manifest = manifestSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new InputError(
      `${path}: not a manifest of lengthwise (${whatIsWrong(error)})`,
      'Mend or remove this run.',
      { cause: error },
    );
  }
  const { cells, tornBytes } = await readCells(folder);
  const open = manifest.cells - cells.length;
  const diverged = cells.filter(cell => cell.divergedAtStep !== null).length;
  const bare = cells.filter(cell => cell.theory === undefined).length;
  return {
    folder,
    name: manifest.name,
    manifest,
    cells,
    missing: [
      ...(cells.length === 0 ? ['no cell is finished'] : []),
      ...(tornBytes > 0
        ? [`the last line of cells.jsonl is torn (${tornBytes} bytes) and was not read`]
        : []),
      ...(open > 0 && cells.length > 0 ? [`${open} of ${manifest.cells} cells are not finished`] : []),
      ...(diverged > 0 ? [`${diverged} of ${cells.length} cells diverged`] : []),
      ...(bare > 0
        ? [`${bare} cells carry no theory (\`lengthwise theory --results ${folder}\` adds it)`]
        : []),
    ],
  };
}

/** The model file of a cell, in whichever folder of the run it lies; where there is none, where it would be. */
export function modelFileOf({ folder, others = [] }: Run, cell: string): string {
  const paths = [folder, ...others].map(each => modelPath(each, cell));
  return paths.find(path => existsSync(path)) ?? paths[0]!;
}

/** Folders of runs at or below a folder. @throws InputError when it cannot be read */
export async function runFolders(folder: string, depth = MOST_DEPTH): Promise<string[]> {
  if (existsSync(join(folder, 'manifest.json'))) return [folder];
  let entries: { name: string; isDirectory(): boolean }[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const what =
      code === 'ENOENT' ? 'no such folder' : code === 'ENOTDIR' ? 'not a folder' : messageOf(error);
    throw new InputError(`${folder}: ${what}`, 'Give a folder that `lengthwise run` has written.', {
      cause: error,
    });
  }
  if (depth === 0) return [];
  const below = entries
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const found = await Promise.all(below.map(name => runFolders(join(folder, name), depth - 1)));
  return found.flat();
}
