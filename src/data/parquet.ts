import { open } from 'node:fs/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { messageOf } from '../shared/errors.ts';
import { dataProblem, type Piece } from './place.ts';

/** `file: row n`. */
export const rowOf = (file: string) => (row: number) => `${file}: row ${row}`;

/** What Node can undo besides what hyparquet can. */
const COMPRESSORS = {
  GZIP: (input: Uint8Array) => new Uint8Array(gunzipSync(input)),
  BROTLI: (input: Uint8Array) => new Uint8Array(brotliDecompressSync(input)),
};

const COLUMNS = ['tokens', 'targets', 'positions'];

/**
 * The rows of a Parquet file, a row group at a time, as the values of JSON lines: whole numbers of 64 bits as numbers, empty positions
 * left out.
 * @throws InputError where the file is no Parquet, or of a kind that cannot be read.
 */
export async function* readParquet(file: string): AsyncGenerator<Piece> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const buffer: AsyncBuffer = {
      byteLength: size,
      async slice(start, end = size) {
        const bytes = new Uint8Array(end - start);
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
        if (bytesRead < bytes.length) throw new Error('it ends before its last row');
        return bytes.buffer;
      },
    };
    const metadata = await understood(file, () => parquetMetadataAsync(buffer));
    const columns = columnsOf(metadata).filter(name => COLUMNS.includes(name));
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const range = { rowStart, rowEnd, columns, compressors: COMPRESSORS };
      const rows = await understood(file, () => parquetReadObjects({ file: buffer, metadata, ...range }));
      const first = rowStart + 1;
      yield { numbers: rows.map((_, i) => first + i), values: rows.map(plain) };
      rowStart = rowEnd;
    }
  } finally {
    await handle.close();
  }
}

/** Names of the columns at the top of a schema. */
function columnsOf({ schema }: FileMetaData): string[] {
  const names: string[] = [];
  for (let at = 1; at < schema.length; ) {
    names.push(schema[at]!.name);
    let open = 1;
    while (open > 0 && at < schema.length) open += (schema[at++]!.num_children ?? 0) - 1;
  }
  return names;
}

/** A row as a JSON line would give it. */
function plain(row: Record<string, unknown>): unknown {
  const entries = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, numbers(value)]));
}

function numbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(numbers);
  return ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>, Number) : value;
}

async function understood<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const what = messageOf(error).split('\n')[0]!;
    const fix = /compress/i.test(what)
      ? 'Write it with compression="snappy".'
      : 'Is it whole, and written as docs/bring-your-own-data.md shows?';
    throw dataProblem(file, `is no Parquet file that can be read (${what})`, fix);
  }
}
