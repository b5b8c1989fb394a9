import { type FileHandle, open } from 'node:fs/promises';
import { extname } from 'node:path';
import { packRecord } from '../shared/records.ts';
import { writeAll } from '../shared/whole-file.ts';
import { checkSequence, type Shared } from './check.ts';
import { lineOf, readJsonLines } from './json-lines.ts';
import { readParquet, rowOf } from './parquet.ts';
import { dataProblem } from './place.ts';
import type { Found, PartSummary } from './summary.ts';
import { Variance } from './variance.ts';

/** Words that are written at once. */
const CHUNK_WORDS = 2 ** 18;
/** Words of a part at most: places are words of 32 bits. */
const MOST_WORDS = 2 ** 32;

const isTable = (file: string) => extname(file) === '.parquet';

/** `file:line` or `file: row n`. */
export function placeOf(file: string, number: number): string {
  return (isTable(file) ? rowOf : lineOf)(file)(number);
}

/** Words in the order in which they are added, in memory that grows with them. */
class Words {
  private words = new Uint32Array(CHUNK_WORDS);
  length = 0;

  add(word: number): void {
    if (this.length === this.words.length) {
      const larger = new Uint32Array(2 * this.words.length);
      larger.set(this.words);
      this.words = larger;
    }
    this.words[this.length++] = word;
  }

  get all(): Uint32Array {
    return this.words.subarray(0, this.length);
  }
}

/** Writes words to a file, many at a time. */
class Sink {
  private readonly buffer = new Uint32Array(CHUNK_WORDS);
  private readonly handle: FileHandle;
  private used = 0;
  /** Words so far. */
  total = 0;

  constructor(handle: FileHandle) {
    this.handle = handle;
  }

  async add(words: Uint32Array): Promise<void> {
    if (this.used + words.length > this.buffer.length) await this.flush();
    if (words.length > this.buffer.length) await writeAll(this.handle, bytesOf(words));
    else {
      this.buffer.set(words, this.used);
      this.used += words.length;
    }
    this.total += words.length;
  }

  async flush(): Promise<void> {
    await writeAll(this.handle, bytesOf(this.buffer.subarray(0, this.used)));
    this.used = 0;
  }
}

const bytesOf = (words: Uint32Array) => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

/**
 * Reads and checks the sequences of `files`, in order, and writes `<base>.records`, one record after the other, and `<base>.index`: the
 * first word of
 * each record, sequences in rising order of their lengths and else as they stand, then how many words it has. Memory: a chunk or row
 * group, and
 * 12 bytes a sequence.
 * @param shared what sequences of other parts have fixed; filled in by the first
 * @throws InputError with file and line of the first sequence that cannot be used, MachineError when the disk is full.
 */
export async function buildPart(
  files: readonly string[],
  base: string,
  shared: Shared,
): Promise<PartSummary> {
  const starts = new Words();
  const sizes = new Words();
  const lengths = new Words();
  let [targets, mostTargets, mostWords, last, every] = [0, 0, 0, true, true];
  const variance = new Variance();
  let largestToken: Found = { value: -1, file: 0, number: 0 };
  let largestClass: Found = { value: -1, file: 0, number: 0 };
  let longest: Found = { value: 0, file: 0, number: 0 };
  const handle = await open(`${base}.records`, 'w');
  try {
    const sink = new Sink(handle);
    for (const [f, file] of files.entries()) {
      const before = starts.length;
      const pieces = isTable(file) ? readParquet(file) : readJsonLines(file);
      for await (const { numbers, values } of pieces) {
        for (const [i, value] of values.entries()) {
          const number = numbers[i]!;
          const sequence = checkSequence(value, shared);
          if (typeof sequence === 'string') throw dataProblem(placeOf(file, number), sequence);
          const record = packRecord(sequence);
          if (sink.total + record.length > MOST_WORDS)
            throw dataProblem(placeOf(file, number), 'is beyond the 16 GiB of sequences that there may be');
          const found = (value: number): Found => ({ value, file: f, number });
          const { tokens, targets: own } = sequence;
          const token = largest(tokens);
          if (token > largestToken.value) largestToken = found(token);
          if (tokens.length > longest.value) longest = found(tokens.length);
          if (shared.form === 'classes') {
            const one = largest(own as readonly number[]);
            if (one > largestClass.value) largestClass = found(one);
            for (const label of own as readonly number[]) variance.addClass(label);
          } else for (const vector of own as readonly (readonly number[])[]) variance.add(vector);
          // Written-out positions are others than the last.
          const implied = record[0]! === tokens.length;
          last &&= implied && own.length === 1;
          every &&= implied && own.length === tokens.length;
          targets += own.length;
          mostTargets = Math.max(mostTargets, own.length);
          mostWords = Math.max(mostWords, record.length);
          starts.add(sink.total);
          sizes.add(record.length);
          lengths.add(tokens.length);
          await sink.add(record);
        }
      }
      if (starts.length === before) throw dataProblem(file, 'has no sequences');
    }
    await sink.flush();
    const counts = countsOf(lengths.all);
    await writeIndex(`${base}.index`, starts.all, sizes.all, lengths.all, counts);
    await handle.sync();
    return {
      ...{ sequences: starts.length, words: sink.total, targets, mostTargets, mostWords, last, every },
      ...{ lengths: counts, longest, largestToken, variance: variance.value },
      largestClass: shared.form === 'classes' ? largestClass : null,
    };
  } finally {
    await handle.close();
  }
}

function largest(numbers: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < numbers.length; i++) if (numbers[i]! > most) most = numbers[i]!;
  return most;
}

/** How many of each length there are, lengths rising. */
function countsOf(lengths: Uint32Array): [number, number][] {
  const counts = new Map<number, number>();
  for (const length of lengths) counts.set(length, (counts.get(length) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b);
}

async function writeIndex(
  path: string,
  starts: Uint32Array,
  sizes: Uint32Array,
  lengths: Uint32Array,
  counts: [number, number][],
): Promise<void> {
  const next = new Map<number, number>();
  let begin = 0;
  for (const [length, count] of counts) {
    next.set(length, begin);
    begin += count;
  }
  const sequences = starts.length;
  const index = new Uint32Array(2 * sequences);
  for (let i = 0; i < sequences; i++) {
    const at = next.get(lengths[i]!)!;
    next.set(lengths[i]!, at + 1);
    index[at] = starts[i]!;
    index[sequences + at] = sizes[i]!;
  }
  const handle = await open(path, 'w');
  try {
    await writeAll(handle, bytesOf(index));
    await handle.sync();
  } finally {
    await handle.close();
  }
}
