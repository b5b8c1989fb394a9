import { existsSync } from 'node:fs';
import * as node from 'node:fs/promises';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { InputError } from '../shared/errors.ts';
import { type Disk, syncFolder, TEMPORARY, writeWhole } from '../shared/whole-file.ts';
import { settledExtent } from './curves.ts';
import { makeFolder } from './files.ts';
import { FollowedFile, IndexedFile, type Lines, readDigests } from './indexed.ts';
import { LineFile } from './lines.ts';
import { holderOf, lockFolder } from './lock.ts';
import {
  type CellLine,
  type CellResult,
  type CurveLine,
  cellLineSchema,
  digestOf,
  type Manifest,
  manifestSchema,
} from './schema.ts';

/** A cell with its weights. */
export interface StoredCell {
  line: CellLine;
  /** Bytes of models/<cell>.safetensors. */
  model: Uint8Array;
}

/** A cell of another run, as it is taken over. */
export interface TakenCell {
  line: CellLine;
  /** Where its weights lie. */
  model: string;
  /** Its curve, lines as they stand. */
  curve: Uint8Array;
}

/** What theory says of a cell. */
export type TheoryOfCell = Required<Pick<CellLine, 'theory' | 'attention'>>;

/** Lines of cells in a file. */
const cellLines = (folder: string, name: string): Lines<CellLine, CellResult> => ({
  path: join(folder, name),
  schema: cellLineSchema,
  digest: digestOf,
});

const CELLS = 'cells.jsonl';
/** Cells whose theory is still to come: gone when there are none. */
const TRAINED = 'trained.jsonl';
/** Files of a run's folder that hold lines of cells. */
export const CELL_FILES = [CELLS, TRAINED];

/** Lines of a run's cells as another process writes them: those that are finished, and those whose theory is to come. */
export function followCells(folder: string): Record<'finished' | 'trained', FollowedCells> {
  return {
    finished: new FollowedFile(cellLines(folder, CELLS)),
    trained: new FollowedFile(cellLines(folder, TRAINED)),
  };
}

export type FollowedCells = FollowedFile<CellLine, CellResult>;

/** Where a cell's weights lie in a run's folder. */
export function modelPath(folder: string, cell: string): string {
  return join(folder, 'models', `${cell}.safetensors`);
}

const LOCK = '.lock';

/** Whether a process works on a run: `unknown` where only another machine can tell. */
export function workOn(folder: string): Promise<'alive' | 'dead' | 'unknown'> {
  return holderOf(join(folder, LOCK));
}

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
  trained: IndexedFile<CellLine, CellResult>;
  curves: LineFile<CurveLine>;
}

/**
 * The results of one run on disk: `results/<experiment>/<run>/` (docs/results.md). Append-only, and locked while it is open. A cell is safe
 * in `trained.jsonl` as soon as it is trained and tested, and finished in `cells.jsonl` once theory has had its say. Whatever is in either
 * is complete, its model and its curve included, because these are written first.
 */
export class Store {
  readonly folder: string;
  private readonly finished: Map<string, CellResult>;
  private readonly trained: Map<string, CellResult>;
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
    ({ finished: this.finished, trained: this.trained } = parted(files.cells.digests, files.trained.digests));
  }

  /**
   * Opens a run's folder, making it when it is not there.
   * @throws InputError when the folder cannot be written, is in use, or is damaged.
   */
  static async open(folder: string, { fresh, onTorn, disk = node }: StoreOptions): Promise<Store> {
    if (fresh) checkIsRun(folder);
    await makeFolder(folder);
    const unlock = await lockFolder(join(folder, LOCK));
    const open: { close(): Promise<void> }[] = [];
    const opened = <F extends { close(): Promise<void> }>(file: F): F => {
      open.push(file);
      return file;
    };
    const openCells = async (name: string, then: string) => {
      const lines = cellLines(folder, name);
      const told = (bytes: number) =>
        onTorn(`${lines.path}: dropped a torn last line of ${bytes} bytes; ${then}`);
      return opened(await IndexedFile.open(lines, { onTorn: told, disk }));
    };
    try {
      if (fresh) await emptyRun(folder);
      const cells = await openCells(CELLS, 'that cell will be run again, where it is in no other line');
      const trained = await openCells(TRAINED, 'that cell will be run again');
      const known = new Set([...cells.digests, ...trained.digests].map(({ cell }) => cell));
      const curvePath = join(folder, 'curves.jsonl');
      const curves = opened(
        await LineFile.open<CurveLine>(
          curvePath,
          handle => settledExtent(handle, curvePath, cell => known.has(cell)),
          { onTorn: () => {}, disk },
        ),
      );
      await makeFolder(join(folder, 'models'));
      await removeUnfinished(folder);
      await syncFolder(folder, disk);
      return new Store(folder, { cells, trained, curves }, disk, unlock);
    } catch (error) {
      await Promise.allSettled(open.map(file => file.close()));
      await unlock();
      throw error;
    }
  }

  /** Every cell that is trained, each once, its theory there or not. */
  get cells(): CellResult[] {
    return [...this.finished.values(), ...this.trained.values()];
  }

  /** Cells whose theory is still to come, or failed. */
  get waiting(): CellResult[] {
    return [...this.trained.values()];
  }

  /** Whether a cell is trained. */
  has(cell: string): boolean {
    return this.finished.has(cell) || this.trained.has(cell);
  }

  /**
   * Adds a cell that is not there, and its training curve. Returns when they are on the disk. One whose theory is still to come waits for
   * it.
   * @throws MachineError when the disk refuses; the cell is not there then, and every earlier one is.
   */
  add({ line, model }: StoredCell, curve: readonly CurveLine[]): Promise<void> {
    return this.oneAtATime(async () => {
      await writeWhole(modelPath(this.folder, line.cell), model, this.disk);
      await this.files.curves.append(curve);
      if (line.theory === undefined) await this.wait(line);
      else await this.finish(line);
    });
  }

  /**
   * As `add`, of cells of another run, in one write for all. Weights are linked, where the file system can, for they never change.
   * @throws MachineError when the disk refuses; those that are there then are whole
   */
  take(cells: readonly TakenCell[]): Promise<void> {
    return this.oneAtATime(async () => {
      for (const { line, model } of cells)
        await linkOrCopy(model, modelPath(this.folder, line.cell), this.disk);
      await syncFolder(join(this.folder, 'models'), this.disk);
      // Lines in the order of their curves, those that wait for theory last.
      const ordered = [
        ...cells.filter(({ line }) => line.theory !== undefined),
        ...cells.filter(({ line }) => line.theory === undefined),
      ];
      await this.files.curves.copy(Buffer.concat(ordered.map(({ curve }) => curve)));
      const lines = ordered.map(({ line }) => line);
      await this.finish(...lines.filter(({ theory }) => theory !== undefined));
      await this.wait(...lines.filter(({ theory }) => theory === undefined));
    });
  }

  /** Adds theory to a cell that waits for it. @throws MachineError when the disk refuses; the cell goes on waiting then */
  async addTheory(cell: string, theory: TheoryOfCell): Promise<void> {
    await this.finish({ ...this.bareLine(cell), ...theory });
    this.trained.delete(cell);
  }

  /** Notes why theory of a cell failed. The cell goes on waiting. @throws MachineError when the disk refuses */
  async failTheory(cell: string, reason: string): Promise<void> {
    await this.wait({ ...this.bareLine(cell), theoryError: reason });
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
    if (this.trained.size === 0) await this.files.trained.remove();
    await this.unlock();
  }

  /** The line of a cell that waits, as it was before theory was tried. */
  private bareLine(cell: string): CellLine {
    const { theory: _, theoryError: __, ...line } = this.trained.get(cell)!;
    return line;
  }

  private async finish(...lines: CellLine[]): Promise<void> {
    const parsed = lines.map(line => cellLineSchema.parse(line));
    await this.files.cells.append(parsed);
    for (const line of parsed) this.finished.set(line.cell, digestOf(line));
  }

  private async wait(...lines: CellLine[]): Promise<void> {
    const parsed = lines.map(line => cellLineSchema.parse(line));
    await this.files.trained.append(parsed);
    for (const line of parsed) this.trained.set(line.cell, digestOf(line));
  }
}

/**
 * Trained cells of a run's folder, each once, and how many bytes of torn last lines there are; none when there is no such run. The folder
 * need not be locked.
 * @throws InputError with file and line when a line is damaged or of another schema.
 */
export async function readCells(folder: string): Promise<{ cells: CellResult[]; tornBytes: number }> {
  // Where a run goes on meanwhile, a cell may be met in both, never in none.
  const trained = await readDigests(cellLines(folder, TRAINED));
  const finished = await readDigests(cellLines(folder, CELLS));
  const parts = parted(finished.digests, trained.digests);
  return {
    cells: [...parts.finished.values(), ...parts.trained.values()],
    tornBytes: finished.tornBytes + trained.tornBytes,
  };
}

/** Lines by cell: the first of a finished one, which is never written twice, the last of one that waits for its theory. */
function parted(finishedLines: readonly CellResult[], trainedLines: readonly CellResult[]) {
  const finished = new Map<string, CellResult>();
  for (const line of finishedLines) if (!finished.has(line.cell)) finished.set(line.cell, line);
  const trained = new Map<string, CellResult>();
  for (const line of trainedLines) if (!finished.has(line.cell)) trained.set(line.cell, line);
  return { finished, trained };
}

async function linkOrCopy(from: string, to: string, disk: Disk): Promise<void> {
  await disk.rm(to, { force: true });
  try {
    await node.link(from, to);
  } catch {
    await writeWhole(to, await node.readFile(from), disk);
  }
}

/** Removes files that a process was writing when it was killed. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const within of [folder, join(folder, 'models')])
    for (const name of await readdir(within))
      if (name.endsWith(TEMPORARY)) await rm(join(within, name), { force: true });
}

/**
 * Deletes a run's folder.
 * @throws InputError when it is no run's, or in use.
 */
export async function deleteRun(folder: string): Promise<void> {
  checkIsRun(folder);
  const unlock = await lockFolder(join(folder, LOCK));
  await emptyRun(folder);
  await rm(folder, { recursive: true, force: true });
  await unlock();
}

function checkIsRun(folder: string): void {
  if (!existsSync(folder)) return;
  const isRun = ['manifest.json', CELLS].some(name => existsSync(join(folder, name)));
  if (!isRun)
    throw new InputError(
      `--fresh: ${folder} is not a lengthwise run, it will not be deleted`,
      'Choose another --out.',
    );
}

/** Deletes everything in a run's folder but its lock, the lines first: what is left when this is cut short is no finished cell. */
async function emptyRun(folder: string): Promise<void> {
  for (const name of [CELLS, TRAINED]) await rm(join(folder, name), { force: true });
  for (const name of await readdir(folder))
    if (!name.startsWith(LOCK)) await rm(join(folder, name), { recursive: true, force: true });
  await makeFolder(join(folder, 'models'));
}
