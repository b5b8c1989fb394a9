import type { FileHandle } from 'node:fs/promises';
import { type Extent, parseLine, scanLines } from './lines.ts';
import { type CurveLine, curveLineSchema } from './schema.ts';
import { checksumOf } from './seal.ts';

const WINDOW_BYTES = 1 << 16;

/**
 * How much of `curves.jsonl` belongs to finished cells. A cell's curve is written just before its line, so what a crash left over is at the
 * end, and only the end is read: the curves of 10^5 cells are 10^7 lines.
 * @throws InputError with file and line when one of the lines that were read is damaged.
 */
export async function settledExtent(
  handle: FileHandle,
  path: string,
  isFinished: (cell: string) => boolean,
): Promise<Extent> {
  const { size: total } = await handle.stat();
  for (let window = WINDOW_BYTES; ; window *= 4) {
    const first = Math.max(0, total - window);
    const whole = lastSettled(await readAt(handle, first, total - first), first === 0, isFinished);
    if (whole === 'damaged') {
      // Its number is the count of lines before it, which are read only now that it is wanted.
      await scanLines(handle, path, line => void parseLine(line, path, curveLineSchema));
      return { whole: total, total };
    }
    if (whole !== null) return { whole: first + whole, total };
  }
}

/** Where the last line of a finished cell ends. Null: before these bytes. */
function lastSettled(
  bytes: Buffer,
  fromStart: boolean,
  isFinished: (cell: string) => boolean,
): number | null | 'damaged' {
  let end = bytes.lastIndexOf(0x0a) + 1;
  while (end > 0) {
    const start = end < 2 ? 0 : bytes.lastIndexOf(0x0a, end - 2) + 1;
    if (start === 0 && !fromStart) return null;
    const line = cellOf(bytes.subarray(start, end - 1));
    if (line === undefined) return 'damaged';
    if (isFinished(line)) return end;
    end = start;
  }
  return fromStart ? 0 : null;
}

function cellOf(line: Buffer): string | undefined {
  try {
    return checksumOf(line) === null
      ? undefined
      : (curveLineSchema.parse(JSON.parse(line.toString())) as CurveLine).cell;
  } catch {
    return undefined;
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) return bytes.subarray(0, at);
    at += bytesRead;
  }
  return bytes;
}
