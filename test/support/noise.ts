import { uniform, WordStream } from '../../src/shared/random.ts';

/** Standard normal numbers, the same for the same seed (Box and Muller). */
export function normals(seed: number): () => number {
  const stream = new WordStream(seed, 0, 0);
  return () => Math.sqrt(-2 * Math.log(1 - uniform(stream))) * Math.cos(2 * Math.PI * uniform(stream));
}
