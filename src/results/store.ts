import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import * as node from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { InputError } from '../shared/errors.ts';
import { type Disk, syncFolder, writeWhole } from '../shared/whole-file.ts';
import { settledExtent } from './curves.ts';
import { makeFolder } from './files.ts';
import { IndexedFile, type Lines, readDigests } from './indexed.ts';
import { LineFile } from './lines.ts';
import { lockFolder } from './lock.ts';
import {
  type CellLine,
  type CellResult,
  type CurveLine,
  cellLineSchema,
  digestOfCell,
  digestOfTheory,
  type Manifest,
  manifestSchema,
  type TheoryDigest,
  type TheoryLine,
  theoryLineSchema,
} from './schema.ts';

/** A finished cell with its weights. */
export interface FinishedCell {
  line: CellLine;
  /** Bytes of models/<cell>.safetensors. */
  model: Uint8Array;
}

type TheoryResult = Pick<TheoryLine, 'cell' | 'attention'> & { theory: TheoryDigest | null };

const cellLines = (folder: string): Lines<CellLine, CellResult> => ({
  path: join(folder, 'cells.jsonl'),
  schema: cellLineSchema,
  digest: digestOfCell,
});

const theoryLines = (folder: string): Lines<TheoryLine, TheoryResult> => ({
  path: join(folder, 'theory.jsonl'),
  schema: theoryLineSchema,
  digest: ({ cell, theory, attention }) => ({ cell, theory: digestOfTheory(theory), attention }),
});

/** Where the weights of a cell lie. */
export const modelPath = (folder: string, cell: string) => join(folder, 'models', `${cell}.safetensors`);

const LOCK = '.lock';

export interface StoreOptions {
  /** Deletes what an earlier run left in the folder. */
  fresh: boolean;
  /** Is told, in a line, what an append that was cut short left. */
  onTorn: (message: string) => void;
  disk?: Disk;
}

/** The files of a run that only grow. */
interface Files {
  cells: IndexedFile<CellLine, CellResult>;
  theory: IndexedFile<TheoryLine, TheoryResult>;
  curves: LineFile<CurveLine>;
}

/**
 * The results of one run on disk: `results/<experiment>/<run>/` (interfaces.md). Append-only, and locked while it is open; whatever is in
 * `cells.jsonl` is complete, its model and its curve included, because these are written first.
 */
export class Store {
  readonly folder: string;
  private readonly results: Map<string, CellResult>;
  private readonly files: Files;
  private readonly disk: Disk;
  private readonly unlock: () => Promise<void>;
  /** Curve and line of a cell are written without another's between them, so that what a crash leaves over is at the end. */
  private readonly oneAtATime = pLimit(1);

  private constructor(folder: string, files: Files, disk: Disk, unlock: () => Promise<void>) {
    this.folder = folder;
    this.files = files;
    this.disk = disk;
    this.unlock = unlock;
    this.results = joined(files.cells.digests, files.theory.digests);
  }

  /**
   * Opens a run's folder, making it when it is not there.
   * @throws InputError when the folder cannot be written, is in use, or is damaged.
   */
  static async open(folder: string, { fresh, onTorn, disk = node }: StoreOptions): Promise<Store> {
    if (fresh) checkIsRun(folder);
    await makeFolder(join(folder, 'models'));
    const unlock = await lockFolder(join(folder, LOCK));
    const open: { close(): Promise<void> }[] = [];
    const opened = <F extends { close(): Promise<void> }>(file: F): F => {
      open.push(file);
      return file;
    };
    try {
      if (fresh) await emptyRun(folder);
      const told = (lines: Lines<never, never>, what: string) => ({
        disk,
        onTorn: (bytes: number) =>
          onTorn(`${lines.path}: dropped a torn last line of ${bytes} bytes; ${what} again`),
      });
      const cellFile = cellLines(folder);
      const theoryFile = theoryLines(folder);
      const cells = opened(await IndexedFile.open(cellFile, told(cellFile, 'that cell will be run')));
      const theory = opened(await IndexedFile.open(theoryFile, told(theoryFile, 'that theory will be found')));
      const finished = new Set(cells.digests.map(({ cell }) => cell));
      const curvePath = join(folder, 'curves.jsonl');
      const curves = opened(
        await LineFile.open<CurveLine>(
          curvePath,
          handle => settledExtent(handle, curvePath, cell => finished.has(cell)),
          { onTorn: () => {}, disk },
        ),
      );
      await syncFolder(folder, disk);
      return new Store(folder, { cells, theory, curves }, disk, unlock);
    } catch (error) {
      await Promise.allSettled(open.map(file => file.close()));
      await unlock();
      throw error;
    }
  }

  /** Every finished cell once, with its theory where it was found. */
  get cells(): CellResult[] {
    return [...this.results.values()];
  }

  /** How many cells are finished. */
  get size(): number {
    return this.results.size;
  }

  has(cell: string): boolean {
    return this.results.has(cell);
  }

  /**
   * Adds finished cells, none of which is there, and their training curves. Returns when they are on the disk.
   * @throws MachineError when the disk refuses; no cell is there then that is not whole, and every earlier one is.
   */
  add(finished: readonly FinishedCell[], curves: readonly CurveLine[]): Promise<void> {
    const lines = finished.map(({ line }) => cellLineSchema.parse(line));
    return this.oneAtATime(async () => {
      for (const { line, model } of finished)
        await writeWhole(modelPath(this.folder, line.cell), model, this.disk);
      await this.files.curves.append(curves);
      await this.files.cells.append(lines);
      for (const line of lines) this.results.set(line.cell, digestOfCell(line));
    });
  }

  /** Adds what was found of cells after they were stored. Returns when it is on the disk. @throws MachineError as `add` */
  async addTheory(found: readonly TheoryLine[]): Promise<void> {
    const lines = found.map(line => theoryLineSchema.parse(line));
    await this.files.theory.append(lines);
    for (const { cell, theory, attention } of lines) {
      const result = this.results.get(cell);
      if (result) this.results.set(cell, { ...result, theory: digestOfTheory(theory), attention });
    }
  }

  /** Writes manifest.json. @throws MachineError when the disk refuses; the earlier one stays */
  writeManifest(manifest: Manifest): Promise<void> {
    return writeWhole(
      join(this.folder, 'manifest.json'),
      `${JSON.stringify(manifestSchema.parse(manifest), null, 2)}\n`,
      this.disk,
    );
  }

  async close(): Promise<void> {
    await Promise.allSettled(Object.values(this.files).map(file => file.close()));
    await this.unlock();
  }
}

/**
 * Finished cells of a run's folder, each once, with their theory, and how many bytes of a torn last line follow; none when there is no such
 * run. The folder need not be locked.
 * @throws InputError with file and line when a line is damaged or of another schema.
 */
export async function readCells(folder: string): Promise<{ cells: CellResult[]; tornBytes: number }> {
  const { digests, tornBytes } = await readDigests(cellLines(folder));
  const theory = await readDigests(theoryLines(folder));
  return { cells: [...joined(digests, theory.digests).values()], tornBytes };
}

function joined(cells: readonly CellResult[], theories: readonly TheoryResult[]): Map<string, CellResult> {
  const results = new Map<string, CellResult>();
  for (const cell of cells) if (!results.has(cell.cell)) results.set(cell.cell, cell);
  for (const { cell, theory, attention } of theories) {
    const result = results.get(cell);
    if (result) results.set(cell, { ...result, theory, attention });
  }
  return results;
}

function checkIsRun(folder: string): void {
  if (!existsSync(folder)) return;
  const isRun = ['manifest.json', 'cells.jsonl'].some(name => existsSync(join(folder, name)));
  if (!isRun)
    throw new InputError(
      `--fresh: ${folder} is not a lengthwise run, it will not be deleted`,
      'Choose another --out.',
    );
}

/** Deletes everything in a run's folder but its lock, the lines first: what is left when this is cut short is no finished cell. */
async function emptyRun(folder: string): Promise<void> {
  await rm(join(folder, 'cells.jsonl'), { force: true });
  for (const name of await readdir(folder))
    if (!name.startsWith(LOCK)) await rm(join(folder, name), { recursive: true, force: true });
  await makeFolder(join(folder, 'models'));
}
