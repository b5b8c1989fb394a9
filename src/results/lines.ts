import type { FileHandle } from 'node:fs/promises';
import * as node from 'node:fs/promises';
import pLimit from 'p-limit';
import { z } from 'zod';
import { InputError, type LengthwiseError, messageOf } from '../shared/errors.ts';
import { type Disk, diskFailure, writeAll } from '../shared/whole-file.ts';
import { checksumOf, sealed } from './seal.ts';

/** A line of a file, without its newline. */
export interface RawLine {
  bytes: Buffer;
  /** From 1. */
  number: number;
  /** Byte at which it begins in the file. */
  at: number;
  checksum: string;
}

/** How much of a file is lines. Bytes beyond `whole` have no newline: an append that was cut short. */
export interface Extent {
  whole: number;
  total: number;
}

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 0x0a;

/**
 * Hands out the lines of a file, first to last, in little memory. The bytes of a line are only lent.
 * @param from where to begin: at the byte after so many lines
 * @throws InputError with file and line when the checksum of one is wrong.
 */
export async function scanLines(
  handle: FileHandle,
  path: string,
  take: (line: RawLine) => void,
  from = { at: 0, number: 0 },
): Promise<Extent> {
  let buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let [held, read, number] = [0, from.at, from.number];
  for (;;) {
    if (held === buffer.length) buffer = Buffer.concat([buffer], 2 * buffer.length);
    const { bytesRead } = await handle.read(buffer, held, buffer.length - held, read);
    if (bytesRead === 0) return { whole: read - held, total: read };
    read += bytesRead;
    const filled = held + bytesRead;
    let start = 0;
    for (let end = newlineIn(buffer, held, filled); end >= 0; end = newlineIn(buffer, start, filled)) {
      number++;
      const bytes = buffer.subarray(start, end);
      const checksum = checksumOf(bytes);
      if (checksum === null) throw badLine(path, number, 'its checksum is wrong');
      take({ bytes, number, at: read - filled + start, checksum });
      start = end + 1;
    }
    buffer.copyWithin(0, start, filled);
    held = filled - start;
  }
}

function newlineIn(buffer: Buffer, from: number, to: number): number {
  const at = buffer.subarray(from, to).indexOf(NEWLINE);
  return at < 0 ? -1 : from + at;
}

/** What a line says. @throws InputError with file and line when it is not JSON, or of another schema */
export function parseLine<T>({ bytes, number }: RawLine, path: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(bytes.toString()));
  } catch (error) {
    throw badLine(path, number, whatIsWrong(error));
  }
}

function badLine(path: string, number: number, why: string): InputError {
  return new InputError(
    `${path}:${number}: not a line that lengthwise wrote (${why})`,
    'Mend that line, read it with the version that wrote it, or start over with --fresh; nothing was changed.',
  );
}

/** The first thing that is wrong with what was parsed, in a line. */
export function whatIsWrong(error: unknown): string {
  if (!(error instanceof z.ZodError)) return messageOf(error).split('\n')[0]!;
  const [{ path, message }] = error.issues as [z.core.$ZodIssue];
  return `${path.join('.') || 'the whole'}: ${message}`;
}

/**
 * A file of sealed JSON lines that only grows. Every line is whole or absent: an append that fails is taken back before anything else
 * is written, and where even that fails, nothing is written any more.
 */
export class LineFile<T extends object> {
  private readonly handle: FileHandle;
  private readonly path: string;
  private readonly oneAtATime = pLimit(1);
  /** Bytes of the lines that are on the disk. */
  private length: number;
  /** Why nothing may be written any more. */
  private failure: LengthwiseError | undefined;

  private constructor(handle: FileHandle, path: string, length: number) {
    this.handle = handle;
    this.path = path;
    this.length = length;
  }

  /**
   * Opens a file for appending, making it when it is not there. `read` looks through it first and says how much of it is lines; what
   * follows these is cut off. What `read` throws leaves the file as it was.
   */
  static async open<T extends object>(
    path: string,
    read: (handle: FileHandle) => Promise<Extent>,
    { onTorn, disk = node }: { onTorn: (bytes: number) => void; disk?: Disk | undefined },
  ): Promise<LineFile<T>> {
    const handle = await disk.open(path, 'a+');
    try {
      const { whole, total } = await read(handle);
      if (whole < total) {
        await handle.truncate(whole);
        await handle.sync();
        onTorn(total - whole);
      }
      return new LineFile<T>(handle, path, whole);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * Appends values, one line each, and waits until they are on the disk.
   * @throws MachineError when the disk refuses; none of these values is in the file then, and all before them are.
   */
  append(values: readonly T[]): Promise<void> {
    return this.copy(Buffer.from(values.map(sealed).join('')));
  }

  /** As `append`, of lines as they stand in another such file. */
  copy(lines: Uint8Array): Promise<void> {
    return this.oneAtATime(() => this.write(lines));
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  private async write(bytes: Uint8Array): Promise<void> {
    if (this.failure) throw this.failure;
    if (bytes.length === 0) return;
    try {
      await writeAll(this.handle, bytes);
      await this.handle.sync();
    } catch (error) {
      const failure = diskFailure(this.path, error);
      await this.takeBack().catch(() => {
        this.failure = failure;
      });
      throw failure;
    }
    this.length += bytes.length;
  }

  private async takeBack(): Promise<void> {
    await this.handle.truncate(this.length);
    await this.handle.sync();
  }
}
