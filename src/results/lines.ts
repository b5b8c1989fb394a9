import { type FileHandle, open } from 'node:fs/promises';
import type { z } from 'zod';
import { InputError } from '../shared/errors.ts';

/** A JSON-lines file that only grows. Every line is whole or absent. */
export class LineFile<T> {
  private readonly handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.handle = handle;
  }

  /**
   * Opens a file for appending, and reads what it holds. A torn last line, left by a crash, is cut off; `onTorn` is told.
   * @throws InputError with file and line when a line before the last is damaged.
   */
  static async open<T>(
    path: string,
    schema: z.ZodType<T>,
    onTorn: (message: string) => void,
  ): Promise<{ file: LineFile<T>; lines: T[] }> {
    const handle = await open(path, 'a+');
    try {
      const { lines, whole, total } = parseLines(await handle.readFile(), path, schema);
      if (whole < total) {
        await handle.truncate(whole);
        await handle.sync();
        onTorn(`${path}: dropped a torn last line of ${total - whole} bytes; that cell will be run again`);
      }
      return { file: new LineFile<T>(handle), lines };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Appends values, one line each, and waits until they are on the disk. */
  async append(values: T[]): Promise<void> {
    await this.handle.appendFile(values.map(value => `${JSON.stringify(value)}\n`).join(''));
    await this.handle.sync();
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** Whole lines of a file, and how many bytes they take of the total. */
export function parseLines<T>(
  bytes: Uint8Array,
  path: string,
  schema: z.ZodType<T>,
): { lines: T[]; whole: number; total: number } {
  const text = new TextDecoder();
  const lines: T[] = [];
  let start = 0;
  for (let number = 1; start < bytes.length; number++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    const parsed = newline < 0 ? undefined : parseLine(text.decode(bytes.subarray(start, end)), schema);
    if (parsed === undefined) {
      const last = newline < 0 || newline === bytes.length - 1;
      if (last) return { lines, whole: start, total: bytes.length };
      throw new InputError(
        `${path}:${number}: not a line that lengthwise wrote`,
        'Mend or delete that line, or start over with --fresh.',
      );
    }
    lines.push(parsed);
    start = end + 1;
  }
  return { lines, whole: bytes.length, total: bytes.length };
}

function parseLine<T>(line: string, schema: z.ZodType<T>): T | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
