import { gramAt, tokensOfGram } from '../tasks/laws/chain.ts';
import { eulerianTokens, roundCirculation } from './circulation.ts';

/**
 * What short strings keep of long ones: the frequencies of grams of `gram` tokens before the last `locality` + 1, and those last tokens.
 */
export interface GramShape {
  vocabulary: number;
  gram: number;
  locality: number;
}

/** How many last tokens are kept: those of the grams of the last τ + 1 positions. */
export function keptTokens({ gram, locality }: Omit<GramShape, 'vocabulary'>): number {
  return gram + locality;
}

/** How much longer than its grams' shares alone a short string is, at most: one more of each gram, and its two ends. */
export function gramOverhead({ vocabulary, gram, locality }: GramShape): number {
  return vocabulary ** gram + gram + locality;
}

/**
 * The short string of given gram frequencies [ours] (docs/theory.md §13): its grams before the last τ + 1 positions, beside one more of
 * every gram, are those of `frequencies` [S^g], a circulation, times n = `length` − `gramOverhead`, rounded to a circulation of whole
 * numbers. It ends with `last`, `keptTokens` tokens, and is not longer than `length`.
 * @throws RangeError when `length` is not above the overhead.
 */
export function shortOfGrams(
  frequencies: ArrayLike<number>,
  last: ArrayLike<number>,
  length: number,
  shape: GramShape,
): Uint8Array {
  const { vocabulary, gram, locality } = shape;
  const n = length - gramOverhead(shape);
  if (n < 1)
    throw new RangeError(
      `length ${length}: short strings of these grams have more than ${gramOverhead(shape)}`,
    );
  const total = Array.from(frequencies).reduce((a, b) => a + b, 0);
  const rounded = roundCirculation(
    Float64Array.from(frequencies, share => (n * share) / total),
    vocabulary,
  );
  const kept = Array.from(last).slice(-keptTokens(shape));
  const root = gram > 1 ? gramAt(kept.slice(0, gram - 1), gram - 1, vocabulary) : 0;
  const walk = eulerianTokens(
    rounded.map(count => count + 1),
    vocabulary,
    root,
  );
  return Uint8Array.from([
    ...tokensOfGram(root, gram - 1, vocabulary),
    ...walk,
    ...kept.slice(kept.length - locality - 1),
  ]);
}

/**
 * How often each gram occurs before the last τ + 1 positions of a string [S^g], with the few edges that close its walk: a circulation.
 */
export function gramCirculation(
  tokens: ArrayLike<number>,
  { vocabulary, gram, locality }: GramShape,
): Float64Array {
  const body = Array.from(tokens).slice(0, tokens.length - locality - 1);
  const counts = new Float64Array(vocabulary ** gram);
  // Back to the first gram − 1 tokens.
  const closed = [...body, ...body.slice(0, gram - 1)];
  for (let back = 0; back + gram <= closed.length; back++) counts[gramAt(closed, gram, vocabulary, back)]!++;
  return counts;
}

/** The short string of a long one, at most `length` tokens; the string itself when it is not longer. */
export function gramShort(tokens: Uint8Array, length: number, shape: GramShape): Uint8Array {
  if (tokens.length <= length) return tokens;
  return shortOfGrams(gramCirculation(tokens, shape), tokens, length, shape);
}
