import { classOf, type ModelConfig } from '../shared/model-config.ts';

/*
 * Discrepancy of the joint law of (τ-suffix, histogram) between a long string and a short one [ours]. Over the positions i of a string, the
 * pair (classes of x_{i−τ…i}, running class frequencies μ_i) has an empirical law. Lemma 5.3 says that for g(suffix, μ) bounded and Lipschitz in μ
 * the mean over positions moves by O((τ+1) n^{−1/3}). Measured: over the suffixes w that occur,
 *
 *     Σ_w |m_x(w) − m_z(w)| + Σ_w min(m_x, m_z)(w) · max_c W1( law of μ(c) given w in x, in z ),
 *
 * m(w) the share of positions with suffix w and W1 the Wasserstein distance on the line. It is 0 for equal laws.
 */

/** Frequencies of every class at the positions that have one suffix, [class][occurrence]. */
type Law = Map<string, { frequencies: number[][]; share: number }>;

/** The discrepancy between the laws of a long and a short string. */
export function discrepancy(long: ArrayLike<number>, short: ArrayLike<number>, config: ModelConfig): number {
  const [a, b] = [lawOf(long, config), lawOf(short, config)];
  let total = 0;
  for (const suffix of new Set([...a.keys(), ...b.keys()])) {
    const [x, z] = [a.get(suffix), b.get(suffix)];
    total += Math.abs((x?.share ?? 0) - (z?.share ?? 0));
    if (!x || !z) continue;
    const distances = x.frequencies.map((values, c) => wasserstein(values, z.frequencies[c]!));
    total += Math.min(x.share, z.share) * Math.max(...distances);
  }
  return total;
}

function lawOf(tokens: ArrayLike<number>, config: ModelConfig): Law {
  const { vocabulary, period, locality } = config;
  const counts = new Float64Array(vocabulary * period);
  const law: Law = new Map();
  const window: number[] = [];
  for (let i = 1; i <= tokens.length; i++) {
    const token = tokens[i - 1]!;
    counts[classOf(config, token, i)]!++;
    window.push(token);
    if (window.length > locality + 1) window.shift();
    const suffix = `${i % period}:${window.join(',')}`;
    let entry = law.get(suffix);
    if (!entry) {
      entry = { frequencies: Array.from(counts, () => []), share: 0 };
      law.set(suffix, entry);
    }
    entry.share += 1 / tokens.length;
    for (let c = 0; c < counts.length; c++) entry.frequencies[c]!.push(counts[c]! / i);
  }
  return law;
}

/** Wasserstein-1 distance of two samples on the line: the area between their distribution functions. */
export function wasserstein(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [Float64Array.from(a).sort(), Float64Array.from(b).sort()];
  let [i, j, area] = [0, 0, 0];
  let at = Math.min(x[0]!, y[0]!);
  while (i < x.length || j < y.length) {
    const next = Math.min(x[i] ?? Infinity, y[j] ?? Infinity);
    area += Math.abs(i / x.length - j / y.length) * (next - at);
    at = next;
    while (i < x.length && x[i] === next) i++;
    while (j < y.length && y[j] === next) j++;
  }
  return area;
}
