import { createReadStream } from 'node:fs';
import { dataProblem, type Piece } from './place.ts';

/** Bytes that are read at once. */
const CHUNK_BYTES = 2 ** 20;
/** A line beyond this is no sequence. */
const MOST_LINE_BYTES = 2 ** 26;

const NEWLINE = 10;

/** `file:line`. */
export const lineOf = (file: string) => (line: number) => `${file}:${line}`;

/**
 * The values of a file of JSON lines, a chunk at a time. Lines of white space alone are left out.
 * @throws InputError with file and line where a line is no JSON.
 */
export async function* readJsonLines(file: string): AsyncGenerator<Piece> {
  const where = lineOf(file);
  let rest: Buffer = Buffer.alloc(0);
  let line = 0;
  const take = (whole: Buffer): Piece => {
    const piece: Piece = { numbers: [], values: [] };
    for (const text of whole.toString('utf8').split('\n')) {
      line++;
      if (text.trim() === '') continue;
      piece.numbers.push(line);
      piece.values.push(parse(text, where(line)));
    }
    return piece;
  };
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk as Buffer]) : (chunk as Buffer);
    const end = bytes.lastIndexOf(NEWLINE);
    if (end >= 0) yield take(bytes.subarray(0, end));
    rest = end >= 0 ? bytes.subarray(end + 1) : bytes;
    if (rest.length > MOST_LINE_BYTES)
      throw dataProblem(where(line + 1), `is longer than ${MOST_LINE_BYTES / 2 ** 20} MiB`);
  }
  if (rest.length > 0) yield take(rest);
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [what] = (error as Error).message.split('\n');
    throw dataProblem(where, `is no JSON (${what})`);
  }
}
