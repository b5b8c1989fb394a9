import { existsSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import * as node from 'node:fs/promises';
import type { z } from 'zod';
import type { Disk } from '../shared/whole-file.ts';
import { apart, type Leaf, together } from './leaves.ts';
import { type Extent, LineFile, parseLine, type RawLine, scanLines } from './lines.ts';
import { checksumOf, sealed } from './seal.ts';

/** A file of lines that is read often: what its lines are, and what of a line its readers need. */
export interface Lines<T extends object, D extends object> {
  path: string;
  schema: z.ZodType<T>;
  digest: (line: T) => D;
}

/** What an index says of a line: its checksum and bytes, and what it says in short. */
interface Row<D> {
  line: string;
  bytes: number;
  digest: D;
}

/**
 * A line of an index: a shape, or a row with the leaves of a digest that has the shape of so many before. Most rows have one shape, whose
 * names and brackets would be most of what is read.
 */
type IndexLine =
  | { format: number; shape: unknown }
  | { line: string; bytes: number; of: number; leaves: Leaf[] };

/** Counts up whenever a digest means something else. */
const FORMAT = 2;
/** Rows written at once. */
const ROWS = 1000;

const indexOf = (path: string) => path.replace(/\.jsonl$/, '.index');

/**
 * A file of sealed lines with an index beside it, which holds digests of the same lines in the same order. Every line's checksum is
 * compared when the file is read, but only lines that the index does not know are parsed. The index may be deleted, lag behind or be
 * damaged: then it is made anew. A full disk may keep it from being written, and only costs the next reader time.
 */
export class IndexedFile<T extends object, D extends object> {
  /** Of every line that was there when the file was opened. */
  readonly digests: D[];
  private readonly file: LineFile<T>;
  private readonly index: FileHandle | undefined;
  private readonly shapes: Shapes;
  private readonly path: string;
  private readonly digest: (line: T) => D;

  private constructor(
    { path, digest }: Lines<T, D>,
    digests: D[],
    file: LineFile<T>,
    { index, shapes }: { index: FileHandle | undefined; shapes: Shapes },
  ) {
    this.path = path;
    this.digest = digest;
    this.digests = digests;
    this.file = file;
    this.index = index;
    this.shapes = shapes;
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
    let shapes = new Shapes();
    let fromIndex = false;
    const file = await LineFile.open<T>(
      path,
      async handle => {
        const read = await readRows(handle, lines);
        ({ rows, shapes, fromIndex } = read);
        return read;
      },
      { onTorn, disk },
    );
    if (!fromIndex) {
      shapes = new Shapes();
      await writeIndex(indexOf(path), rows, shapes).catch(() => {});
    }
    const index = await node.open(indexOf(path), 'a').catch(() => undefined);
    return new IndexedFile(
      lines,
      rows.map(row => row.digest),
      file,
      { index, shapes },
    );
  }

  /** Appends lines. @throws MachineError when the disk refuses; none of them is in the file then */
  async append(values: readonly T[]): Promise<void> {
    await this.file.append(values);
    const rows = values.map(value => rowOf(Buffer.from(sealed(value)).subarray(0, -1), this.digest(value)));
    await this.index?.appendFile(indexText(rows, this.shapes)).catch(() => {});
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

/** A line of a file that grows, in short, and where it stands. */
export interface FollowedLine<D> {
  digest: D;
  at: number;
  bytes: number;
}

/** A file of lines that another process may be writing: each look gives what came since the last. */
export class FollowedFile<T extends object, D extends object> {
  private readonly lines: Lines<T, D>;
  private seen = { at: 0, number: 0 };
  /** Tells a file from another that took its place. */
  private inode = 0;

  constructor(lines: Lines<T, D>) {
    this.lines = lines;
  }

  /**
   * Lines that are whole and new; all of them, and `anew`, where the file is not the one that was looked at before.
   * @throws InputError with file and line when one is damaged or of another schema
   */
  async look(): Promise<{ anew: boolean; found: FollowedLine<D>[] }> {
    const { path, schema, digest } = this.lines;
    const handle = await node.open(path, 'r').catch(() => undefined);
    const { ino = 0, size = 0 } = (await handle?.stat()) ?? {};
    try {
      const anew = this.seen.number > 0 && (ino !== this.inode || size < this.seen.at);
      if (anew) this.seen = { at: 0, number: 0 };
      this.inode = ino;
      if (!handle || size <= this.seen.at) return { anew, found: [] };
      const found: FollowedLine<D>[] = [];
      if (this.seen.number === 0) {
        const { rows, whole } = await readRows(handle, this.lines);
        let at = 0;
        for (const row of rows) {
          found.push({ digest: row.digest, at, bytes: row.bytes });
          at += row.bytes + 1;
        }
        this.seen = { at: whole, number: rows.length };
      } else {
        const take = (line: RawLine) =>
          void found.push({
            digest: digest(parseLine(line, path, schema)),
            at: line.at,
            bytes: line.bytes.length,
          });
        const { whole } = await scanLines(handle, path, take, this.seen);
        this.seen = { at: whole, number: this.seen.number + found.length };
      }
      return { anew, found };
    } finally {
      await handle?.close();
    }
  }

  /** All that a line says. @throws InputError when it is not there any more */
  async read({ at, bytes }: Omit<FollowedLine<D>, 'digest'>): Promise<T> {
    const { path, schema } = this.lines;
    const handle = await node.open(path, 'r');
    try {
      const buffer = Buffer.alloc(bytes);
      await handle.read(buffer, 0, bytes, at);
      return parseLine({ bytes: buffer, number: 0, at, checksum: '' }, path, schema);
    } finally {
      await handle.close();
    }
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
): Promise<Extent & { rows: Row<D>[]; shapes: Shapes; fromIndex: boolean }> {
  const indexed = await readIndex<D>(indexOf(path));
  const rows: Row<D>[] = [];
  let fromIndex = true;
  const extent = await scanLines(handle, path, line => {
    const row = indexed.rows[rows.length];
    const isKnown = row?.line === line.checksum && row.bytes === line.bytes.length;
    fromIndex &&= isKnown;
    rows.push(isKnown ? row : rowOf(line.bytes, digest(parseLine(line, path, schema))));
  });
  fromIndex &&= indexed.rows.length === rows.length;
  return { ...extent, rows, shapes: indexed.shapes, fromIndex };
}

function rowOf<D>(line: Buffer, digest: D): Row<D> {
  return { line: checksumOf(line)!, bytes: line.length, digest };
}

/** Shapes of an index, by their place in it. */
class Shapes {
  private readonly places = new Map<string, number>();
  private readonly builders: ((leaves: readonly Leaf[]) => unknown)[] = [];

  /** Takes in a shape; gives its place, and whether it is new. */
  add(shape: unknown): { place: number; isNew: boolean } {
    const text = JSON.stringify(shape);
    const known = this.places.get(text);
    if (known !== undefined) return { place: known, isNew: false };
    this.places.set(text, this.builders.length);
    return { place: this.builders.push(together(shape)) - 1, isNew: true };
  }

  /** The value of some leaves in a shape. @throws Error when there is none at this place, or they do not fit */
  build(place: number, leaves: readonly Leaf[]): unknown {
    const build = this.builders[place];
    if (!build) throw new Error(`no shape ${place}`);
    return build(leaves);
  }
}

/** Rows of an index up to the first line that is damaged or of another format. */
async function readIndex<D>(path: string): Promise<{ rows: Row<D>[]; shapes: Shapes }> {
  const rows: Row<D>[] = [];
  const shapes = new Shapes();
  const handle = await node.open(path, 'r').catch(() => undefined);
  try {
    if (handle)
      await scanLines(handle, path, raw => {
        const said = JSON.parse(raw.bytes.toString()) as IndexLine;
        if ('leaves' in said) {
          const { line, bytes, of, leaves } = said;
          rows.push({ line, bytes, digest: shapes.build(of, leaves) as D });
        } else if (said.format === FORMAT) shapes.add(said.shape);
        else throw new Error('another format');
      });
  } catch {
    // What follows is read from the file itself.
  } finally {
    await handle?.close();
  }
  return { rows, shapes };
}

/** Rows as they stand in an index, after the shapes that are new in them. */
function indexText<D>(rows: readonly Row<D>[], shapes: Shapes): string {
  const lines = rows.flatMap(({ line, bytes, digest }): IndexLine[] => {
    const { shape, leaves } = apart(digest);
    const { place, isNew } = shapes.add(shape);
    return [...(isNew ? [{ format: FORMAT, shape }] : []), { line, bytes, of: place, leaves }];
  });
  return lines.map(sealed).join('');
}

async function writeIndex<D>(path: string, rows: readonly Row<D>[], shapes: Shapes): Promise<void> {
  const handle = await node.open(path, 'w');
  try {
    for (let first = 0; first < rows.length; first += ROWS)
      await handle.appendFile(indexText(rows.slice(first, first + ROWS), shapes));
  } finally {
    await handle.close();
  }
}
