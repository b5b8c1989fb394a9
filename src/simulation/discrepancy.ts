import { classOf, type ModelConfig } from '../shared/model-config.ts';

/*
 * Discrepancy of the joint law of (τ-suffix, histogram) between a long string and a short one [ours]. Over the positions i of a string, the
 * pair (classes of x_{i−τ…i}, running class frequencies μ_i) has an empirical law. Lemma 5.3 says that for g(suffix, μ) bounded and
 * Lipschitz in μ the mean over positions moves by O((τ+1) n^{−1/3}). Measured: over the suffixes w that occur,
 *
 *     Σ_w |m_x(w) − m_z(w)| + Σ_w min(m_x, m_z)(w) · W( law of μ given w in x, in z ),
 *
 * m(w) the share of positions with suffix w and W the least cost of a coupling of the whole vectors μ, cost ‖μ − μ'‖₁, among those that
 * pair equal quantiles: in the order of the positions, and in the order of each class's frequency. Any coupling bounds the Wasserstein
 * distance of the joint laws from above, and so how far the mean of a g with |g| ≤ 1 and Lipschitz constant 1 in ‖μ‖₁ can move; with two
 * classes the bound is the distance. It is 0 for equal strings.
 */

/** Frequencies of the classes at the positions that have one suffix, [occurrence][class], in order of position. */
type Law = Map<string, { frequencies: Float64Array[]; share: number }>;

/** The discrepancy between the laws of a long and a short string, from 0 to 4. */
export function discrepancy(long: ArrayLike<number>, short: ArrayLike<number>, config: ModelConfig): number {
  const [a, b] = [lawOf(long, config), lawOf(short, config)];
  let total = 0;
  for (const suffix of new Set([...a.keys(), ...b.keys()])) {
    const [x, z] = [a.get(suffix), b.get(suffix)];
    total += Math.abs((x?.share ?? 0) - (z?.share ?? 0));
    if (x && z) total += Math.min(x.share, z.share) * transport(x.frequencies, z.frequencies);
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
      entry = { frequencies: [], share: 0 };
      law.set(suffix, entry);
    }
    entry.share += 1 / tokens.length;
    entry.frequencies.push(counts.map(count => count / i));
  }
  return law;
}

/**
 * The least cost in ‖·‖₁ of a coupling of two samples of vectors that pairs equal quantiles: as they stand, or sorted by one of their
 * entries.
 */
export function transport(a: readonly Float64Array[], b: readonly Float64Array[]): number {
  const sorted = (sample: readonly Float64Array[], c: number) => [...sample].sort((x, y) => x[c]! - y[c]!);
  let least = couplingCost(a, b);
  for (let c = 0; c < a[0]!.length; c++) least = Math.min(least, couplingCost(sorted(a, c), sorted(b, c)));
  return least;
}

/** Mean ‖x − y‖₁ where equal quantiles are paired. */
function couplingCost(a: readonly Float64Array[], b: readonly Float64Array[]): number {
  let [i, j, at, cost] = [0, 0, 0, 0];
  while (i < a.length && j < b.length) {
    // Ends of the present quantiles, compared in whole numbers.
    const [endA, endB] = [(i + 1) * b.length, (j + 1) * a.length];
    const next = Math.min(endA, endB);
    cost += (next - at) * distance(a[i]!, b[j]!);
    at = next;
    if (endA === next) i++;
    if (endB === next) j++;
  }
  return cost / (a.length * b.length);
}

function distance(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < x.length; c++) sum += Math.abs(x[c]! - y[c]!);
  return sum;
}
