import { randomBytes } from 'node:crypto';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError, messageOf } from '../shared/errors.ts';

/** Makes a folder. Throws `InputError` when it cannot be made or written to. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeParents(folder);
    const probe = join(folder, `.write-${randomBytes(6).toString('hex')}`);
    await (await open(probe, 'wx')).close();
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
