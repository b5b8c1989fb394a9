import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../shared/errors.ts';
import { syncFolder, writeWhole } from '../shared/whole-file.ts';
import { makeFolder } from './files.ts';
import { LineFile, parseLines } from './lines.ts';
import { lockFolder } from './lock.ts';
import { type CellLine, cellLineSchema, type Manifest, manifestSchema } from './schema.ts';

/** One line of `curves.jsonl`. */
export const curveLineSchema = z.object({ cell: z.string(), step: z.int(), loss: z.number().nullable() });
export type CurveLine = z.infer<typeof curveLineSchema>;

/** A finished cell with its weights. */
export interface FinishedCell {
  line: CellLine;
  /** Bytes of models/<cell>.safetensors. */
  model: Uint8Array;
}

/**
 * The results of one run on disk: `results/<experiment>/<run>/` (interfaces.md). Append-only; whatever is in
 * `cells.jsonl` is complete, its model included, because the model is written first.
 */
export class Store {
  readonly folder: string;
  readonly cells: CellLine[];
  private readonly cellFile: LineFile<CellLine>;
  private readonly curveFile: LineFile<CurveLine>;
  private readonly unlock: () => Promise<void>;

  private constructor(
    folder: string,
    cells: CellLine[],
    cellFile: LineFile<CellLine>,
    curveFile: LineFile<CurveLine>,
    unlock: () => Promise<void>,
  ) {
    this.folder = folder;
    this.cells = cells;
    this.cellFile = cellFile;
    this.curveFile = curveFile;
    this.unlock = unlock;
  }

  /**
   * Opens a run's folder, making it when it is not there. `fresh` deletes what an earlier run left in it.
   * @throws InputError when the folder cannot be written, is in use, or is damaged.
   */
  static async open(
    folder: string,
    { fresh, onTorn }: { fresh: boolean; onTorn: (message: string) => void },
  ): Promise<Store> {
    if (fresh) await removeRun(folder);
    await makeFolder(join(folder, 'models'));
    const unlock = await lockFolder(join(folder, '.lock'));
    try {
      const cells = await LineFile.open(join(folder, 'cells.jsonl'), cellLineSchema, onTorn);
      const curves = await LineFile.open(join(folder, 'curves.jsonl'), curveLineSchema, () => {});
      await syncFolder(folder);
      return new Store(folder, cells.lines, cells.file, curves.file, unlock);
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  /** Adds finished cells and their training curves. Returns when they are on the disk. */
  async add(finished: FinishedCell[], curves: CurveLine[]): Promise<void> {
    for (const { line, model } of finished)
      await writeWhole(join(this.folder, 'models', `${line.cell}.safetensors`), model);
    await this.curveFile.append(curves);
    const lines = finished.map(({ line }) => cellLineSchema.parse(line));
    await this.cellFile.append(lines);
    this.cells.push(...lines);
  }

  /** Writes manifest.json. */
  writeManifest(manifest: Manifest): Promise<void> {
    return writeWhole(
      join(this.folder, 'manifest.json'),
      `${JSON.stringify(manifestSchema.parse(manifest), null, 2)}\n`,
    );
  }

  async close(): Promise<void> {
    await this.cellFile.close();
    await this.curveFile.close();
    await this.unlock();
  }
}

/** Cells of a run's folder, for a look before anything is opened, and how many bytes of a torn last line follow; none when there is no such run. */
export async function readCells(folder: string): Promise<{ cells: CellLine[]; tornBytes: number }> {
  const path = join(folder, 'cells.jsonl');
  if (!existsSync(path)) return { cells: [], tornBytes: 0 };
  const { lines, whole, total } = parseLines(await readFile(path), path, cellLineSchema);
  return { cells: lines, tornBytes: total - whole };
}

async function removeRun(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const isRun = ['manifest.json', 'cells.jsonl'].some(name => existsSync(join(folder, name)));
  if (!isRun)
    throw new InputError(
      `--fresh: ${folder} is not a lengthwise run, it will not be deleted`,
      'Choose another --out.',
    );
  const unlock = await lockFolder(join(folder, '.lock'));
  await rm(folder, { recursive: true, force: true });
  await unlock();
}
