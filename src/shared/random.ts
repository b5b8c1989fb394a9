/**
 * Counter-based random numbers: the TypeScript twin of `shaders/common/random.wgsl`, bit for bit.
 *
 * The generator is pcg4d (Jarzynski and Olano, "Hash Functions for GPU Rendering", JCGT 9(3), 2020): four
 * 32-bit words in, four out. A stream is keyed by (key, step, sequence), so that any token of any sequence
 * can be drawn again without drawing the others.
 */
export type Words = [number, number, number, number];

/** Hashes four u32 words to four u32 words. */
export function pcg4d(x: number, y: number, z: number, w: number): Words {
  let a = (Math.imul(x, 1664525) + 1013904223) >>> 0;
  let b = (Math.imul(y, 1664525) + 1013904223) >>> 0;
  let c = (Math.imul(z, 1664525) + 1013904223) >>> 0;
  let d = (Math.imul(w, 1664525) + 1013904223) >>> 0;
  a = (a + Math.imul(b, d)) >>> 0;
  b = (b + Math.imul(c, a)) >>> 0;
  c = (c + Math.imul(a, b)) >>> 0;
  d = (d + Math.imul(b, c)) >>> 0;
  a = (a ^ (a >>> 16)) >>> 0;
  b = (b ^ (b >>> 16)) >>> 0;
  c = (c ^ (c >>> 16)) >>> 0;
  d = (d ^ (d >>> 16)) >>> 0;
  a = (a + Math.imul(b, d)) >>> 0;
  b = (b + Math.imul(c, a)) >>> 0;
  c = (c + Math.imul(a, b)) >>> 0;
  d = (d + Math.imul(b, c)) >>> 0;
  return [a, b, c, d];
}

/** `floor(random · bound / 2^32)`: a uniform integer in 0…bound−1 from one random word, integer arithmetic only. */
export function below(random: number, bound: number): number {
  const lowHigh = (random & 0xffff) * (bound >>> 16);
  const highLow = (random >>> 16) * (bound & 0xffff);
  const highHigh = (random >>> 16) * (bound >>> 16);
  const carry = Math.floor(((random & 0xffff) * (bound & 0xffff)) / 65536);
  return highHigh + Math.floor((lowHigh + highLow + carry) / 65536);
}

/** A stream of u32 words for one sequence: block `i` of four words is `pcg4d(i, sequence, step, key)`. */
export class WordStream {
  private block: Words = [0, 0, 0, 0];
  private used = 0;
  private readonly key: number;
  private readonly step: number;
  private readonly sequence: number;

  constructor(key: number, step: number, sequence: number) {
    this.key = key;
    this.step = step;
    this.sequence = sequence;
  }

  /** The next word of the stream. */
  next(): number {
    const lane = this.used & 3;
    if (lane === 0) this.block = pcg4d(this.used >>> 2, this.sequence, this.step, this.key);
    this.used++;
    return this.block[lane]!;
  }

  /** A uniform integer in 0…bound−1 from the next word: for laws of plug-ins, which import nothing from here. */
  below(bound: number): number {
    return below(this.next(), bound);
  }
}

/** A number in [0, 1) from one word of a stream. */
export function uniform(stream: WordStream): number {
  return stream.next() / 2 ** 32;
}

/** Purposes that must never share random numbers, even for one seed. */
export const STREAM = {
  initialise: 1,
  train: 2,
  test: 3,
  trainLoss: 4,
  theory: 5,
  simulation: 6,
  markov: 7,
  greedy: 8,
  adversary: 9,
  bootstrap: 10,
  chain: 11,
} as const;

/** Keys of what is drawn of a training sequence besides its tokens, which must not change with it: the stream's key is changed by these. */
export const ASIDE = { reads: 0x72656164, offset: 0x6f666673 } as const;

/** The 32-bit key of a purpose for a seed. */
export function streamKey(seed: number, stream: number): number {
  return pcg4d(seed >>> 0, stream, 0x6c656e67, 0x77697365)[0];
}
