import type { Vector } from '../../shared/linear.ts';
import { uniform, type WordStream } from '../../shared/random.ts';

/** Least probability of a token: rows stay positive where a small α would underflow. */
const LEAST = 1e-200;

/** A point of Dir(α, …, α) over `size` outcomes, all positive: gamma variates, normalised in log space. */
export function drawDirichlet(stream: WordStream, size: number, alpha: number): Vector {
  const logs = Array.from({ length: size }, () => logGamma(stream, alpha));
  const highest = Math.max(...logs);
  const weights = Float64Array.from(logs, log => Math.max(LEAST, Math.exp(log - highest)));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map(w => w / total);
}

/**
 * The logarithm of a gamma variate of shape α: Marsaglia and Tsang, "A simple method for generating gamma variables" (ACM TOMS 26(3),
 * 2000); below shape 1, that of α + 1 times U^{1/α}.
 */
function logGamma(stream: WordStream, alpha: number): number {
  if (alpha < 1) return logGamma(stream, alpha + 1) + Math.log(positive(stream)) / alpha;
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = Math.sqrt(-2 * Math.log(positive(stream))) * Math.cos(2 * Math.PI * uniform(stream));
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(positive(stream)) < (x * x) / 2 + d - d * v + d * Math.log(v))
      return Math.log(d * v);
  }
}

/** A number in (0, 1]. */
function positive(stream: WordStream): number {
  return 1 - uniform(stream);
}
