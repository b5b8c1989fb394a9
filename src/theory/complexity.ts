import type { ModelConfig } from '../shared/model-config.ts';
import type { Norms } from './norms.ts';

/** Largest slope of ψ. GELU's lies at x = √2. */
export const LIPSCHITZ = { relu: 1, gelu: 1.1289 } as const;

/**
 * L(f) of a one-layer model [ours] (docs/theory.md §4): `‖U‖ (1 + Lip ψ ‖A‖‖B‖) Σ_h ‖V_h‖ R0`.
 */
export function lipschitzOf(config: ModelConfig, { R0, U, layers }: Norms): number {
  const { V, A, B } = layers[0]!;
  return U * mlpFactor(config, A, B) * sum(V) * R0;
}

/**
 * log10 C(f) of one or two layers in the norm form [ours] (docs/theory.md §4), computed in log space, because e^{2κ} overflows at once. For
 * a one-layer model C(f) is the first layer's part of it, ‖U‖ G1: the Lipschitz constant of f in the class histogram. −∞ when f
 * is constant.
 */
export function normComplexity(config: ModelConfig, { R0, U, layers }: Norms): number {
  const [first, second] = layers;
  const slope = LIPSCHITZ[config.activation];
  const m1 = mlpFactor(config, first!.A, first!.B);
  const logG1 =
    Math.log(m1) + logSum(first!.V.map((v, h) => Math.log(2 * R0 * v) + 2 * first!.KQ[h]! * R0 ** 2));
  if (!second) return (Math.log(U) + logG1) / Math.LN10;
  const R1 = m1 * (R0 + sum(first!.V) * R0) + slope * first!.B * first!.b;
  const perHead = second.V.map((v, h) => {
    const kappa = second.KQ[h]! * R1 ** 2;
    return Math.log(v) + logSum([2 * kappa + Math.log1p(2 * kappa), Math.log(2 * kappa)]);
  });
  const m2 = mlpFactor(config, second.A, second.B);
  const logC =
    Math.log(U * m2) +
    logSum([0, ...perHead]) +
    logSum([logG1, Math.log(R1)]) +
    Math.log(config.locality + 1);
  return logC / Math.LN10;
}

/** m_l = 1 + Lip ψ ‖A_l‖‖B_l‖. */
export function mlpFactor({ activation }: ModelConfig, A: number, B: number): number {
  return 1 + LIPSCHITZ[activation] * A * B;
}

/** log Σ e^{x}, without overflow. */
export function logSum(logs: readonly number[]): number {
  const highest = Math.max(...logs);
  if (!Number.isFinite(highest)) return highest;
  return highest + Math.log(sum(logs.map(x => Math.exp(x - highest))));
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
