import { closeSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { MachineError, messageOf } from '../shared/errors.ts';
import type { PartSummary } from './summary.ts';

/** Sequences of a data set as `build.ts` wrote them, numbered in rising order of their lengths. Close it when done. */
export class Part {
  readonly summary: PartSummary;
  private readonly path: string;
  private readonly file: number;
  private readonly index: Uint32Array;

  private constructor(path: string, file: number, index: Uint32Array, summary: PartSummary) {
    this.path = path;
    this.file = file;
    this.index = index;
    this.summary = summary;
  }

  /** @throws MachineError when its files are not as they were written. */
  static async open(base: string, summary: PartSummary): Promise<Part> {
    const path = `${base}.records`;
    try {
      const bytes = await readFile(`${base}.index`);
      if (bytes.length !== 8 * summary.sequences) throw new Error('its index is not whole');
      const index = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
      return new Part(path, openSync(path, 'r'), index, summary);
    } catch (error) {
      throw damaged(path, error);
    }
  }

  /** How many sequences have at most `length` tokens: they are the first. */
  upTo(length: number): number {
    return this.summary.lengths.reduce((sum, [own, count]) => (own <= length ? sum + count : sum), 0);
  }

  /** The first word of a sequence's record, in `all`. */
  start(sequence: number): number {
    return this.index[sequence]!;
  }

  /** Words of a sequence's record. */
  size(sequence: number): number {
    return this.index[this.summary.sequences + sequence]!;
  }

  /** Every record, as the file has them. */
  all(): Uint32Array<ArrayBuffer> {
    const words = new Uint32Array(this.summary.words);
    this.read(0, words);
    return words;
  }

  /** Copies a sequence's record to `words` at `at`. */
  copy(sequence: number, words: Uint32Array, at: number): void {
    this.read(this.start(sequence), words.subarray(at, at + this.size(sequence)));
  }

  close(): void {
    closeSync(this.file);
  }

  private read(start: number, words: Uint32Array): void {
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    try {
      for (let done = 0; done < bytes.length; ) {
        const read = readSync(this.file, bytes, done, bytes.length - done, 4 * start + done);
        if (read === 0) throw new Error('it ends too early');
        done += read;
      }
    } catch (error) {
      throw damaged(this.path, error);
    }
  }
}

function damaged(path: string, error: unknown): MachineError {
  return new MachineError(
    `${path}: this copy of the data cannot be read (${messageOf(error)})`,
    'Delete its folder and give the command again: it is made anew from your files.',
    { cause: error },
  );
}
