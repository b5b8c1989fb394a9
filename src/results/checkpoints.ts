import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { floatsFromBase64, toBase64 } from '../shared/base64.ts';
import { type Checkpoint, checkpointSchema } from '../shared/checkpoint.ts';
import { InputError, messageOf } from '../shared/errors.ts';
import { encodeTensors, readHeader } from '../shared/tensor-file.ts';
import { writeWhole } from '../shared/whole-file.ts';

/** Tensors of a file, each flat in `model/layout.ts` order. */
const TENSORS = ['parameters', 'moment1', 'moment2'];
const ENDING = '.safetensors';
/** Files that are written at the same time: their syncs are waited for together. */
const AT_ONCE = 16;

/** The bytes of a checkpoint's file. */
export function writeCheckpoint({ floats, ...rest }: Checkpoint): Uint8Array {
  const all = floatsFromBase64(floats);
  const each = all.length / TENSORS.length;
  const tensors = TENSORS.map((name, i) => ({
    name,
    shape: [each],
    data: all.subarray(i * each, (i + 1) * each),
  }));
  return encodeTensors(tensors, { checkpoint: JSON.stringify(rest) });
}

/**
 * Reads a checkpoint's file.
 * @throws InputError naming the file when it is not whole, or not what this version writes.
 */
export function readCheckpoint(bytes: Uint8Array, file: string): Checkpoint {
  const fail = (what: string) => new InputError(`${file}: ${what}`);
  const { header, dataStart } = readHeader(bytes, fail);
  const { checkpoint } = (header.__metadata__ ?? {}) as Record<string, unknown>;
  const data = bytes.subarray(dataStart);
  const sizes = TENSORS.map(name => (header[name] as { shape?: number[] } | undefined)?.shape?.[0] ?? 0);
  const bytesEach = 4 * sizes[0]!;
  if (sizes.some(size => 4 * size !== bytesEach) || data.length !== TENSORS.length * bytesEach)
    throw fail('its tensors are not those of a checkpoint');
  try {
    return checkpointSchema.parse({ ...JSON.parse(String(checkpoint)), floats: toBase64(data) });
  } catch {
    throw fail('its metadata are not those of a checkpoint');
  }
}

/** Checkpoints of a run on the disk, one file a cell under way: `checkpoints/<cell>.safetensors` of the run's folder. */
export class Checkpoints {
  private readonly folder: string;
  private readonly saved = new Map<string, Checkpoint>();
  private readonly onDisk = new Set<string>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * What is in a run's folder. Checkpoints of finished cells are removed, and so is what cannot be read, which `onDamaged` is told:
   * those cells start again. The caller holds the run's lock.
   */
  static async open(
    run: string,
    isFinished: (cell: string) => boolean,
    onDamaged: (line: string) => void,
  ): Promise<Checkpoints> {
    const checkpoints = new Checkpoints(join(run, 'checkpoints'));
    const { folder, saved, onDisk } = checkpoints;
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const cell = name.slice(0, -ENDING.length);
      if (!name.endsWith(ENDING) || isFinished(cell)) {
        await rm(path, { force: true, recursive: true });
        continue;
      }
      try {
        const checkpoint = readCheckpoint(await readFile(path), path);
        if (checkpoint.cell !== cell) throw new InputError(`${path}: it is of cell ${checkpoint.cell}`);
        saved.set(cell, checkpoint);
        onDisk.add(cell);
      } catch (error) {
        onDamaged(`${messageOf(error)}: that cell starts again`);
        await rm(path, { force: true, recursive: true });
      }
    }
    return checkpoints;
  }

  /** Where a cell can go on, as it was when the run was opened. Given once, so that it does not fill the memory. */
  take = (cell: string): Checkpoint | undefined => {
    const checkpoint = this.saved.get(cell);
    this.saved.delete(cell);
    return checkpoint;
  };

  /** Optimiser steps that a cell has done by its checkpoint; 0 without one. */
  stepOf = (cell: string): number => this.saved.get(cell)?.step ?? 0;

  /** Writes checkpoints, each whole or not at all. Returns when they are on the disk. */
  async save(checkpoints: readonly Checkpoint[]): Promise<void> {
    const limit = pLimit(AT_ONCE);
    await Promise.all(
      checkpoints.map(checkpoint =>
        limit(async () => {
          await writeWhole(this.pathOf(checkpoint.cell), writeCheckpoint(checkpoint));
          this.onDisk.add(checkpoint.cell);
        }),
      ),
    );
  }

  /** Removes the checkpoint of a finished cell. */
  async remove(cell: string): Promise<void> {
    if (!this.onDisk.delete(cell)) return;
    await rm(this.pathOf(cell), { force: true });
  }

  /** Removes the folder where nothing is under way any more. */
  async close(): Promise<void> {
    if (this.onDisk.size === 0) await rm(this.folder, { recursive: true, force: true });
  }

  private pathOf(cell: string): string {
    return join(this.folder, `${cell}${ENDING}`);
  }
}
