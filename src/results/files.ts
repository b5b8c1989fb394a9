import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError, messageOf } from '../shared/errors.ts';

/** Makes a folder. Throws `InputError` when it cannot be made or written to. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeParents(folder);
    const probe = join(folder, `.write-${process.pid}`);
    await (await open(probe, 'w')).close();
    await rm(probe);
  } catch (error) {
    throw new InputError(
      `--out: cannot write to ${folder} (${messageOf(error)})`,
      'Choose another folder with --out.',
      {
        cause: error,
      },
    );
  }
}

/** As `mkdir(folder, { recursive: true })`, which in Node 20 never returns below /proc, where nothing can be made. */
async function makeParents(folder: string, parentsMade = false): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return;
    if (code !== 'ENOENT' || parentsMade) throw error;
    await makeParents(dirname(folder));
    await makeParents(folder, true);
  }
}

/** Writes a file so that it is either whole or absent: to a temporary name, synced, then renamed. */
export async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Makes a rename or a new file in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch {
    // Some file systems refuse to sync a folder; the file itself is synced.
  } finally {
    await handle.close();
  }
}
