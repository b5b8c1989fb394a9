import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import * as node from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError, type LengthwiseError, MachineError, messageOf } from './errors.ts';

/** The system calls that results are written with: `node:fs/promises`, unless a test has one of them fail or be the last. */
export type Disk = Pick<typeof node, 'open' | 'rename' | 'rm'>;

/** What a file is to hold: all of it, or one piece after another. */
export type FileData = string | Uint8Array | Iterable<string>;

/** How names of files end that are not whole yet. */
export const TEMPORARY = '.tmp';

/**
 * Writes a file so that it is either whole or absent: to a temporary name that nobody can have taken, synced, then renamed. A file that was
 * there before stays until then.
 * @throws MachineError when the disk does not take it; nothing of it is left.
 */
export async function writeWhole(path: string, data: FileData, disk: Disk = node): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}${TEMPORARY}`;
  try {
    const handle = await disk.open(temporary, 'wx');
    try {
      const pieces = typeof data === 'string' || data instanceof Uint8Array ? [data] : data;
      for (const piece of pieces)
        await writeAll(handle, typeof piece === 'string' ? Buffer.from(piece) : piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await disk.rename(temporary, path);
  } catch (error) {
    await disk.rm(temporary, { force: true }).catch(() => {});
    throw diskFailure(path, error);
  }
  await syncFolder(dirname(path), disk);
}

/** Writes all of some bytes where a file stands. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at);
    if (bytesWritten === 0) throw new Error('the disk takes no more');
    at += bytesWritten;
  }
}

/** Makes a rename or a new file in a folder survive a power cut. */
export async function syncFolder(folder: string, disk: Disk = node): Promise<void> {
  const handle = await disk.open(folder, 'r');
  try {
    await handle.sync();
  } catch {
    // Some file systems refuse to sync a folder; the file itself is synced.
  } finally {
    await handle.close();
  }
}

/** What to say when the disk refuses. */
export function diskFailure(path: string, error: unknown): LengthwiseError {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT')
    return new InputError(
      `${path}: its folder was deleted while the run went on`,
      "Leave a run's folder alone while it is in use; the same command starts the run again.",
      { cause: error },
    );
  return new MachineError(
    `${path}: could not be written (${messageOf(error)})`,
    'Make room or mend the disk, then give the same command again: what is finished is kept.',
    { cause: error },
  );
}
