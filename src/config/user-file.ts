import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { InputError, messageOf } from '../shared/errors.ts';

/** Reads a text file that a user named. Throws as `readUserBytes`. */
export async function readUserFile(file: string, maxBytes: number): Promise<string> {
  return new TextDecoder().decode(await readUserBytes(file, maxBytes));
}

/**
 * Reads a file that a user named.
 * @throws InputError when it cannot be read, is no regular file (a pipe or device may have no end, or nothing to read), or is larger
 *   than `maxBytes`.
 */
export async function readUserBytes(file: string, maxBytes: number): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK the opening of a pipe waits for somebody to write into it.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const info = await handle.stat();
    if (info.isDirectory()) throw new InputError(`${file}: is a directory, not a file`, 'Check the path.');
    if (!info.isFile())
      throw new InputError(
        `${file}: is a pipe or a device, not a regular file`,
        'Copy it into a file first.',
      );
    if (info.size > maxBytes)
      throw new InputError(`${file}: ${info.size} bytes is too large (at most ${maxBytes})`);
    return await handle.readFile();
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const what =
      code === 'ENOENT'
        ? 'no such file'
        : code === 'ENXIO'
          ? 'is a pipe or a device, not a regular file'
          : messageOf(error);
    throw new InputError(`${file}: ${what}`, 'Check the path.', { cause: error });
  } finally {
    await handle?.close();
  }
}
