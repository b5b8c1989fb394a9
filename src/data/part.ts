import { closeSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { MachineError, messageOf } from '../shared/errors.ts';
import type { PartSummary } from './summary.ts';

/** Words between two records that are read rather than skipped, and that are read at once, one record excepted. */
const CLOSE_WORDS = 4096;
const TOGETHER_WORDS = 2 ** 18;

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

  /**
   * Copies the records of sequences, at most 2^21 of them, to `words`, each where `places` says. Those that lie close together are read
   * together.
   */
  gather(sequences: Uint32Array, places: Uint32Array, words: Uint32Array): void {
    // By where they lie on the disk, with their numbers in the list: whole numbers below 2^53.
    const byStart = Float64Array.from(sequences, (sequence, i) => this.start(sequence) * 2 ** 21 + i).sort();
    const item = (at: number) => byStart[at]! % 2 ** 21;
    const beginOf = (at: number) => this.start(sequences[item(at)]!);
    const endOf = (at: number) => beginOf(at) + this.size(sequences[item(at)]!);
    for (let first = 0; first < byStart.length; ) {
      const begin = beginOf(first);
      let last = first;
      while (
        last + 1 < byStart.length &&
        beginOf(last + 1) - endOf(last) <= CLOSE_WORDS &&
        endOf(last + 1) - begin <= TOGETHER_WORDS
      )
        last++;
      const together = new Uint32Array(endOf(last) - begin);
      this.read(begin, together);
      for (; first <= last; first++) {
        const from = beginOf(first) - begin;
        words.set(together.subarray(from, endOf(first) - begin), places[item(first)]!);
      }
    }
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
