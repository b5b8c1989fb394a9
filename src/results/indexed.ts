import { existsSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import * as node from 'node:fs/promises';
import type { z } from 'zod';
import type { Disk } from '../shared/whole-file.ts';
import { type Extent, LineFile, parseLine, scanLines } from './lines.ts';
import { checksumOf, sealed } from './seal.ts';

/** A file of lines that is read often: what its lines are, and what of a line its readers need. */
export interface Lines<T extends object, D extends object> {
  path: string;
  schema: z.ZodType<T>;
  digest: (line: T) => D;
}

/** A row of an index: what a line with this checksum and of this many bytes says, in short. */
interface Row<D> {
  format: number;
  line: string;
  bytes: number;
  digest: D;
}

/** Counts up whenever a digest means something else. */
const FORMAT = 1;
/** Rows written at once. */
const ROWS = 1000;

const indexOf = (path: string) => path.replace(/\.jsonl$/, '.index');

/**
 * A file of sealed lines with an index beside it, which holds digests of the same lines in the same order. Every line's checksum is compared
 * when the file is read, but only lines that the index does not know are parsed. The index may be deleted, lag behind or be damaged:
 * then it is made anew. A full disk may keep it from being written, and only costs the next reader time.
 */
export class IndexedFile<T extends object, D extends object> {
  /** Of every line that was there when the file was opened. */
  readonly digests: D[];
  private readonly file: LineFile<T>;
  private readonly index: FileHandle | undefined;
  private readonly path: string;
  private readonly digest: (line: T) => D;

  private constructor(
    { path, digest }: Lines<T, D>,
    digests: D[],
    file: LineFile<T>,
    index: FileHandle | undefined,
  ) {
    this.path = path;
    this.digest = digest;
    this.digests = digests;
    this.file = file;
    this.index = index;
  }

  /**
   * Opens a file for appending, making it when it is not there. What an append that was cut short left at its end is cut off, and told.
   * @throws InputError with file and line when a line is damaged or of another schema; the file is as it was
   */
  static async open<T extends object, D extends object>(
    lines: Lines<T, D>,
    { onTorn, disk }: { onTorn: (bytes: number) => void; disk?: Disk | undefined },
  ): Promise<IndexedFile<T, D>> {
    const { path } = lines;
    let rows: Row<D>[] = [];
    let fromIndex = false;
    const file = await LineFile.open<T>(
      path,
      async handle => {
        const read = await readRows(handle, lines);
        ({ rows, fromIndex } = read);
        return read;
      },
      { onTorn, disk },
    );
    if (!fromIndex) await writeIndex(indexOf(path), rows).catch(() => {});
    const index = await node.open(indexOf(path), 'a').catch(() => undefined);
    return new IndexedFile(
      lines,
      rows.map(row => row.digest),
      file,
      index,
    );
  }

  /** Appends lines. @throws MachineError when the disk refuses; none of them is in the file then */
  async append(values: readonly T[]): Promise<void> {
    await this.file.append(values);
    const rows = values.map(value => rowOf(Buffer.from(sealed(value)).subarray(0, -1), this.digest(value)));
    await this.index?.appendFile(rows.map(sealed).join('')).catch(() => {});
  }

  async close(): Promise<void> {
    await this.index?.close();
    await this.file.close();
  }

  /** Deletes a file that is closed, with its index. */
  async remove(): Promise<void> {
    for (const path of [this.path, indexOf(this.path)]) await node.rm(path, { force: true });
  }
}

/** Digests of the lines of a file that is not opened for appending, none when it is not there, and how many bytes follow the last line. */
export async function readDigests<T extends object, D extends object>(
  lines: Lines<T, D>,
): Promise<{ digests: D[]; tornBytes: number }> {
  if (!existsSync(lines.path)) return { digests: [], tornBytes: 0 };
  const handle = await node.open(lines.path, 'r');
  try {
    const { rows, whole, total } = await readRows(handle, lines);
    return { digests: rows.map(({ digest }) => digest), tornBytes: total - whole };
  } finally {
    await handle.close();
  }
}

async function readRows<T extends object, D extends object>(
  handle: FileHandle,
  { path, schema, digest }: Lines<T, D>,
): Promise<Extent & { rows: Row<D>[]; fromIndex: boolean }> {
  const indexed = await readIndex<D>(indexOf(path));
  const rows: Row<D>[] = [];
  let fromIndex = true;
  const extent = await scanLines(handle, path, line => {
    const row = indexed[rows.length];
    const isKnown = row?.line === line.checksum && row.bytes === line.bytes.length;
    fromIndex &&= isKnown;
    rows.push(isKnown ? row : rowOf(line.bytes, digest(parseLine(line, path, schema))));
  });
  return { ...extent, rows, fromIndex: fromIndex && indexed.length === rows.length };
}

function rowOf<D>(line: Buffer, digest: D): Row<D> {
  return { format: FORMAT, line: checksumOf(line)!, bytes: line.length, digest };
}

/** Rows of an index up to the first that is damaged or of another format. */
async function readIndex<D>(path: string): Promise<Row<D>[]> {
  const rows: Row<D>[] = [];
  const handle = await node.open(path, 'r').catch(() => undefined);
  try {
    if (handle)
      await scanLines(handle, path, ({ bytes }) => {
        const { format, line, bytes: size, digest } = JSON.parse(bytes.toString()) as Row<D>;
        if (format !== FORMAT) throw new Error('another format');
        rows.push({ format, line, bytes: size, digest });
      });
  } catch {
    // What follows is read from the file itself.
  } finally {
    await handle?.close();
  }
  return rows;
}

async function writeIndex<D>(path: string, rows: readonly Row<D>[]): Promise<void> {
  const handle = await node.open(path, 'w');
  try {
    for (let first = 0; first < rows.length; first += ROWS)
      await handle.appendFile(
        rows
          .slice(first, first + ROWS)
          .map(sealed)
          .join(''),
      );
  } finally {
    await handle.close();
  }
}
