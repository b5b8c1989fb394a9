/*
 * A labelled sequence as it lies on disk, travels to the engine and is read by shaders/unpack*.wgsl: little-endian 32-bit words
 *
 *     length of the sequence, with the highest bit set where positions are written out
 *     n, its targets
 *     ceil(length / 4) words of tokens, a byte a token
 *     n positions, rising from 1, where they are written out; else the targets are those of the last n positions
 *     classes: ceil(n / 4) words, a byte a class; vectors: n · outputs float32
 */

/** How targets are given: as classes, or as real vectors. */
export type TargetForm = 'classes' | 'vectors';

/** A sequence and the targets of some of its prefixes. */
export interface LabelledSequence {
  tokens: ArrayLike<number>;
  /** Where the prefixes end, from 1 and rising; absent: the last positions, as many as there are targets. */
  positions?: readonly number[] | undefined;
  /** A class each, or `outputs` numbers each. */
  targets: readonly number[] | readonly (readonly number[])[];
}

/** In the first word of a record: its positions are written out. */
const WRITTEN_OUT = 0x80000000;

/** Most different tokens, and most classes: each takes a byte. */
export const MOST_SYMBOLS = 256;

const bytesInWords = (bytes: number) => (bytes + 3) >>> 2;

/** The positions of a sequence's targets. */
export function positionsOf({ tokens, positions, targets }: LabelledSequence): number[] {
  const first = tokens.length - targets.length + 1;
  return positions ? [...positions] : targets.map((_, i) => first + i);
}

/** Words that a record takes of `length` tokens and `count` targets. */
export function recordWords(
  length: number,
  count: number,
  { writtenOut, form, outputs }: { writtenOut: boolean; form: TargetForm; outputs: number },
): number {
  const targets = form === 'classes' ? bytesInWords(count) : count * outputs;
  return 2 + bytesInWords(length) + (writtenOut ? count : 0) + targets;
}

/** Words of the longest record of sequences of at most `longest` tokens, read at those positions. */
export function longestRecord({
  longest,
  reads,
  ...targets
}: {
  longest: number;
  reads: 'last' | 'every' | number;
  form: TargetForm;
  outputs: number;
}): number {
  const most = reads === 'every' ? longest : Math.min(longest, reads === 'last' ? 1 : reads);
  return recordWords(longest, most, { ...targets, writtenOut: true });
}

/** The record of a sequence. Positions that are the last ones anyway are not written out. */
export function packRecord(sequence: LabelledSequence): Uint32Array<ArrayBuffer> {
  const { tokens, targets } = sequence;
  const [length, count] = [tokens.length, targets.length];
  const positions = positionsOf(sequence);
  const writtenOut = positions[0] !== length - count + 1 || positions.at(-1) !== length;
  const vectors = typeof targets[0] === 'object' ? (targets as readonly (readonly number[])[]) : undefined;
  const outputs = vectors?.[0]?.length ?? 1;
  const form = vectors ? 'vectors' : 'classes';
  const words = new Uint32Array(recordWords(length, count, { writtenOut, form, outputs }));
  words[0] = writtenOut ? (length | WRITTEN_OUT) >>> 0 : length;
  words[1] = count;
  new Uint8Array(words.buffer, 8).set(tokens);
  let at = 2 + bytesInWords(length);
  if (writtenOut) {
    words.set(positions, at);
    at += count;
  }
  if (vectors) {
    const floats = new Float32Array(words.buffer, 4 * at);
    vectors.forEach((vector, i) => {
      floats.set(vector, i * outputs);
    });
  } else new Uint8Array(words.buffer, 4 * at).set(targets as readonly number[]);
  return words;
}

/** The sequence of a record: what `packRecord` was given. */
export function unpackRecord(words: Uint32Array, form: TargetForm, outputs: number): LabelledSequence {
  const writtenOut = words[0]! >= WRITTEN_OUT;
  const length = writtenOut ? words[0]! - WRITTEN_OUT : words[0]!;
  const count = words[1]!;
  const bytes = (word: number, size: number) =>
    new Uint8Array(words.buffer, words.byteOffset + 4 * word, size).slice();
  let at = 2 + bytesInWords(length);
  const positions = writtenOut ? Array.from(words.subarray(at, at + count)) : undefined;
  if (writtenOut) at += count;
  const floats = () => new Float32Array(words.slice(at, at + count * outputs).buffer);
  const vectorOf = (all: Float32Array) => (_: unknown, i: number) =>
    Array.from(all.subarray(i * outputs, (i + 1) * outputs));
  return {
    tokens: bytes(2, length),
    ...(positions ? { positions } : {}),
    targets:
      form === 'classes' ? Array.from(bytes(at, count)) : Array.from({ length: count }, vectorOf(floats())),
  };
}
