import { ACTIVATIONS } from '../model/activation.ts';
import { type ClassTables, classTables } from '../model/first-layer.ts';
import { add, dot, multiply, multiplyTransposed, type Vector } from '../shared/linear.ts';
import type { AnyModel } from '../shared/model-config.ts';
import type { TokenChain } from '../tasks/laws/chain.ts';
import { ONE } from '../tasks/laws/law.ts';
import type { TokenSource } from '../tasks/laws/registry.ts';
import { hasInfinitePrecision, isDefined, isOneLayer } from './defined.ts';

/*
 * Exact expectations (docs/theory.md §11). With one layer, τ = 0 and tokens that are exchangeable, x matters only by its class counts n and
 * its last token, so the population loss at length T is
 *
 *     L(T) = Σ_n p(n) Σ_s n_{ρs}/n_ρ · ‖f(n, s) − f*(n)‖²,     ρ = T mod Δ, n_ρ = Σ_s n_{ρs}
 *     p(n) = Π_r n_r! / Π_s n_rs! · w(N),   N_s = Σ_r n_rs
 *     w(N) = Π_s α^{(N_s)} / (Sα)^{(T)}  (rising factorials; dirichlet-iid),   S^{−T}  (uniform-iid)
 *
 * over all counts with Σ_s n_rs the number of positions of residue r. Every term is computed and none left out: T = 10^6 with S = 2, Δ = 1
 * is 10^6 terms. Logarithms of factorials carry a rounding of 1e-9, so weights are good to about 1e-8, relative; `total` is their sum,
 * which is 1.
 */

/** Why a model's loss is no such sum, or undefined where it is. */
export function whyNoExactLoss(
  model: AnyModel,
  { law, order }: Pick<TokenSource, 'law' | 'order'>,
): string | undefined {
  const { config } = model;
  if (!isDefined('logitMargin', config) || !isOneLayer(config) || !hasInfinitePrecision(config.attention))
    return 'it takes one layer in infinite precision without norm';
  if (config.locality > 0) return `τ = ${config.locality}: it takes τ = 0`;
  if (law === 'dirichlet-markov' && order > 0) return 'tokens of a chain are not exchangeable';
  return undefined;
}

/** L(T), and the sum of all weights. */
export interface ExactLoss {
  loss: number;
  total: number;
  terms: number;
}

/** f* as a function of class frequencies alone: a task's `limit` with the string's own frequencies for the law. */
export type FrequencyTarget = (chain: TokenChain) => (last: ArrayLike<number>) => ArrayLike<number>;

/** How many terms L(T) has, the last tokens not counted: Π_r C(n_r + S − 1, S − 1). */
export function termsOf({ vocabulary, period }: { vocabulary: number; period: number }, T: number): number {
  let terms = 1;
  for (let r = 0; r < period; r++)
    for (let s = 1; s < vocabulary; s++) terms *= (positionsOf(T, r, period) + s) / s;
  return Math.round(terms);
}

/** Positions 1…T of residue r. */
function positionsOf(T: number, r: number, period: number): number {
  const first = r === 0 ? period : r;
  return Math.max(0, Math.floor((T - first) / period) + 1);
}

/**
 * L(T) without sampling. f* must depend on the frequencies of tokens in residues mod Δ alone.
 * @throws RangeError where `whyNoExactLoss` says why.
 */
export function exactLoss(
  model: AnyModel,
  source: TokenSource,
  target: FrequencyTarget,
  T: number,
): ExactLoss {
  const why = whyNoExactLoss(model, source);
  if (why !== undefined) throw new RangeError(`no exact loss: ${why}`);
  const { vocabulary: S, period } = model.config;
  const logFactorial = logRising(1, T);
  const weightOf = tokenWeight(source, T);
  const read = readout(model, classTables(model), T);
  const positions = Array.from({ length: period }, (_, r) => positionsOf(T, r, period));
  const last = T % period;
  const counts = Array.from({ length: period }, () => new Float64Array(S));
  const frequencies = counts.map(() => new Float64Array(S));
  const chain: TokenChain = { vocabulary: S, order: 0, rows: frequencies };
  let [loss, total, terms] = [0, 0, 0];
  const term = () => {
    terms++;
    let log = 0;
    const tokens = new Float64Array(S);
    counts.forEach((own, r) => {
      log += logFactorial[positions[r]!]!;
      own.forEach((n, s) => {
        log -= logFactorial[n]!;
        tokens[s]! += n;
        frequencies[r]![s] = n / Math.max(1, positions[r]!);
      });
    });
    const weight = Math.exp(log + weightOf(tokens));
    total += weight;
    if (weight === 0) return;
    const star = target(chain)([]);
    counts[last]!.forEach((n, s) => {
      if (n === 0) return;
      const y = read(counts, s * period + last);
      let square = 0;
      for (let o = 0; o < y.length; o++) square += (y[o]! - star[o]!) ** 2;
      loss += (weight * n * square) / positions[last]!;
    });
  };
  /** Every way to share the positions of residues from r on among tokens from s on. */
  const share = (r: number, s: number, left: number): void => {
    if (r === period) term();
    else if (s === S - 1) {
      counts[r]![s] = left;
      share(r + 1, 0, positions[r + 1] ?? 0);
    } else
      for (let n = 0; n <= left; n++) {
        counts[r]![s] = n;
        share(r, s + 1, left - n);
      }
  };
  share(0, 0, positions[0]!);
  return { loss, total, terms };
}

/** log of the rising factorials x^{(n)} = x (x + 1) … (x + n − 1) for n ≤ T, summed with compensation (Kahan). */
function logRising(x: number, T: number): Float64Array {
  const logs = new Float64Array(T + 1);
  let [sum, lost] = [0, 0];
  for (let n = 0; n < T; n++) {
    const step = Math.log(x + n) - lost;
    const next = sum + step;
    lost = next - sum - step;
    sum = next;
    logs[n + 1] = sum;
  }
  return logs;
}

/** log w(N). */
function tokenWeight(
  { law, vocabulary: S, alphaThousandths }: TokenSource,
  T: number,
): (tokens: Float64Array) => number {
  if (law === 'uniform-iid') return () => -T * Math.log(S);
  const alpha = alphaThousandths / ONE;
  const own = logRising(alpha, T);
  const all = logRising(S * alpha, T)[T]!;
  return tokens => tokens.reduce((sum, n) => sum + own[n]!, -all);
}

/** f of the class counts of all T positions and the class of the last one. What it returns is overwritten by the next call. */
function readout(model: AnyModel, tables: ClassTables, T: number) {
  const { config, tensors } = model;
  const { outputs, heads, width: d, mlpWidth: m, period } = config;
  const B = tensors['layer.0.mlp_out'] ?? [];
  const rows = Array.from({ length: outputs }, (_, o) =>
    Float64Array.from(tensors.unembed!.subarray(o * d, (o + 1) * d)),
  );
  const behind = rows.map(row => multiplyTransposed(B, row, m));
  const straight = (ys: Vector[]) => ys.map(y => multiply(tensors.unembed!, y, outputs));
  const own = { out: straight(tables.embedding), hidden: tables.images.embedding };
  const values = tables.values.map((ys, h) => ({ out: straight(ys), hidden: tables.images.values[h]! }));
  const bias = Float64Array.from(tensors['layer.0.mlp_bias'] ?? []);
  const { value: psi } = ACTIVATIONS[config.activation];
  const weights = tables.logits.map(ofHead =>
    ofHead.map(logits => {
      const highest = Math.max(...logits);
      return logits.map(c => Math.exp(c - highest));
    }),
  );
  // Beyond 1e200 the query has all of the attention, to the last digit.
  const suffix = tables.phi.map(phi => Math.min(1e200, T ** phi[0]!));
  const out = new Float64Array(outputs);
  const hidden = new Float64Array(m);
  const masses = new Float64Array(config.vocabulary * period);
  return (counts: Float64Array[], query: number): Float64Array => {
    out.set(own.out[query]!);
    hidden.set(bias);
    add(hidden, own.hidden[query]!);
    for (let h = 0; h < heads; h++) {
      const atoms = weights[h]![query]!;
      const count = (c: number) =>
        counts[c % period]![Math.floor(c / period)]! + (c === query ? suffix[h]! - 1 : 0);
      const fill = (weightOf: (c: number) => number) => {
        let total = 0;
        for (let c = 0; c < atoms.length; c++) total += masses[c] = weightOf(c) * count(c);
        return total;
      };
      let total = fill(c => atoms[c]!);
      if (total === 0) {
        // All classes of the string are so far below the highest of the alphabet that nothing is left of their weights.
        const logits = tables.logits[h]![query]!;
        const highest = logits.reduce(
          (most, logit, c) => (count(c) > 0 ? Math.max(most, logit) : most),
          -Infinity,
        );
        total = fill(c => Math.exp(Math.min(0, logits[c]! - highest)));
      }
      for (let c = 0; c < atoms.length; c++) {
        const share = masses[c]! / total;
        add(out, values[h]!.out[c]!, share);
        add(hidden, values[h]!.hidden[c]!, share);
      }
    }
    for (let i = 0; i < m; i++) hidden[i] = psi(hidden[i]!);
    for (let o = 0; o < outputs; o++) out[o]! += dot(behind[o]!, hidden);
    return out;
  };
}
