import { pcg4d } from '../shared/random.ts';

/** Rounds of the network: from 4 on such a permutation passes for a random one (Luby and Rackoff 1988). */
const ROUNDS = 6;
const PURPOSE = 0x73687566;

/**
 * A random order of 0 … size − 1: a permutation that gives any of its values by itself and needs no memory, so that a stream of sequences
 * can be entered anywhere. A
 * Feistel network whose round function is a hash of 32 bits (lowbias32, Wellons 2018), over the next power of two, walked until it hits
 * a value below `size` (Black and Rogaway 2002).
 * @param size at most 2^31
 */
export function shuffle(size: number, key: number, epoch: number): (i: number) => number {
  let bits = 1;
  while (2 ** bits < size) bits++;
  const low = bits >>> 1;
  const lowMask = 2 ** low - 1;
  const highMask = 2 ** (bits - low) - 1;
  const keys = Uint32Array.from({ length: ROUNDS }, (_, round) => pcg4d(key, epoch, round, PURPOSE)[0]);
  return i => {
    let at = i;
    do {
      let left = at >>> low;
      let right = at & lowMask;
      for (let round = 0; round < ROUNDS; round += 2) {
        left ^= hash(right ^ keys[round]!) & highMask;
        right ^= hash(left ^ keys[round + 1]!) & lowMask;
      }
      at = ((left << low) | right) >>> 0;
    } while (at >= size);
    return at;
  };
}

function hash(x: number): number {
  let h = x;
  h ^= h >>> 16;
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b);
  return h ^ (h >>> 16);
}
