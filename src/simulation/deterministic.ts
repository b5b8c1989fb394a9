import type { ModelConfig } from '../shared/model-config.ts';
import { hasFinitePrecision } from '../theory/defined.ts';

type Shape = Pick<ModelConfig, 'vocabulary' | 'period' | 'locality'>;

/** The least n for which every x has a deterministic short string: a slot for each token of each residue, and the τ-suffix. */
export function shortestLength({ vocabulary, period, locality }: Shape): number {
  return locality + 1 + vocabulary * period + period - 1;
}

/**
 * How many tokens of a residue class a deterministic short string has, at most, that are others than the class's shares in x: k of S
 * fractional parts that sum to k are rounded up, at most k (1 − k/S); S − 1 where each token present keeps one.
 */
export function roundedTokens({
  vocabulary,
  attention,
}: Pick<ModelConfig, 'vocabulary' | 'attention'>): number {
  if (hasFinitePrecision(attention)) return vocabulary - 1;
  return (Math.floor(vocabulary / 2) * Math.ceil(vocabulary / 2)) / vocabulary;
}

/** The largest length ≤ n that has the residue of `longLength`: what |z| is. */
export function shortLength(longLength: number, n: number, period: number): number {
  return n - ((((n - longLength) % period) + period) % period);
}

/**
 * The deterministic short string z of x (docs/theory.md §6, Theorem 4.1's idea): the last τ+1 tokens of x, |z| the largest length ≤ n with
 * |z| ≡ |x| (mod Δ), and in each residue class the tokens of x's own class in proportion, by largest remainder. Under a rule of finite
 * precision there is at least one of each, so that the same logit is the largest; in infinite precision that would only lift a rare token
 * far above its share. Within a class they are spread evenly. x itself when it is not longer than n.
 * @throws RangeError when n is below `shortestLength`.
 */
export function deterministicShort(
  tokens: Uint8Array,
  n: number,
  shape: Shape & Pick<ModelConfig, 'attention'>,
): Uint8Array {
  const { vocabulary, period, locality } = shape;
  if (tokens.length <= n) return tokens;
  if (n < shortestLength(shape)) throw new RangeError(`n = ${n} is below ${shortestLength(shape)}`);
  const length = shortLength(tokens.length, n, period);
  const short = new Uint8Array(length);
  short.set(tokens.subarray(tokens.length - locality - 1), length - locality - 1);
  const free = length - locality - 1;
  const least = hasFinitePrecision(shape.attention) ? 1 : 0;
  const counts = Array.from({ length: period }, () => new Float64Array(vocabulary));
  for (let i = 1; i <= tokens.length - locality - 1; i++) counts[i % period]![tokens[i - 1]!]!++;
  for (let residue = 0; residue < period; residue++) {
    const first = residue === 0 ? period : residue;
    const slots = Math.max(0, Math.floor((free - first) / period) + 1);
    const order = spread(apportion(counts[residue]!, slots, least));
    order.forEach((token, s) => {
      short[first - 1 + s * period] = token;
    });
  }
  return short;
}

/**
 * Whole numbers in proportion to `counts` that sum to `slots`, by largest remainder, at least `least` wherever a count is positive. No
 * number is 1 or more above its exact share. With a least of 1, needs a slot for each positive count.
 */
export function apportion(counts: ArrayLike<number>, slots: number, least: 0 | 1): number[] {
  const total = Array.from(counts).reduce((sum, count) => sum + count, 0);
  const shares = Array.from(counts, count => (total === 0 ? 0 : (slots * count) / total));
  const given = shares.map(share => (share > 0 ? Math.max(least, Math.floor(share)) : 0));
  let left = slots - given.reduce((sum, x) => sum + x, 0);
  const best = (score: (token: number) => number) =>
    given.reduce((top, _, token) => (score(token) > score(top) ? token : top), 0);
  for (; left > 0; left--) given[best(token => shares[token]! - given[token]!)]!++;
  for (; left < 0; left++)
    given[best(token => (given[token]! > least ? given[token]! - shares[token]! : -Infinity))]!--;
  return given;
}

/** The tokens in an order in which every prefix has nearly the whole's proportions. */
function spread(given: readonly number[]): number[] {
  const slots = given.reduce((sum, x) => sum + x, 0);
  const used = given.map(() => 0);
  return Array.from({ length: slots }, (_, s) => {
    const due = given.map((n, token) =>
      used[token]! < n ? (n * (s + 1)) / slots - used[token]! : -Infinity,
    );
    const token = due.indexOf(Math.max(...due));
    used[token]!++;
    return token;
  });
}
