import type { AnyModel } from '../shared/model-config.ts';
import { roundedTokens } from '../simulation/deterministic.ts';
import { outputsOf } from '../simulation/outputs.ts';
import { distance } from '../simulation/simulate.ts';
import { drawTokens, type TokenSource } from '../tasks/laws/registry.ts';
import type { ShortShape } from '../tasks/task.ts';
import type { Certificate } from './certificate.ts';

/** f* as the chain needs it. */
export interface ChainTarget {
  valueOf(tokens: ArrayLike<number>): number[];
  /** A bound on ‖f*(z) − f*(x)‖; undefined where none is known. */
  shortError(short: ShortShape): number | undefined;
}

/**
 * What is known of ‖f(x) − f*(x)‖ at every length: ‖f(x) − f(z)‖ + ‖f(z) − f*(z)‖ + ‖f*(z) − f*(x)‖, z the deterministic short string of x
 * of at most `length` tokens. A certificate bounds the first term alone.
 */
export interface Chain {
  /** What the certificate was asked for. */
  epsilon: number;
  /** Its N. */
  length: number;
  /** ‖f(z) − f*(z)‖ measured on random strings, which bounds nothing; at fewer than N tokens where N is more than `LONGEST_MEASURED`. */
  onShort: { length: number; strings: number; mean: number; largest: number };
  /** A bound on ‖f*(z) − f*(x)‖ by the task; null where none is known. */
  target: number | null;
}

const STRINGS = 64;
export const LONGEST_MEASURED = 1024;

/** The chain's terms at the N of a certificate, for every ε that has one. */
export function chainOf(
  model: AnyModel,
  certificate: Certificate,
  target: ChainTarget,
  { epsilons, source }: { epsilons: readonly number[]; source: TokenSource },
): Chain[] {
  const { period, locality } = model.config;
  const output = outputsOf(model);
  return epsilons.flatMap(epsilon => {
    const log = certificate.log10Length(epsilon);
    if (log === null) return [];
    const length = Math.round(10 ** log);
    const measured = Math.max(1, Math.min(length, LONGEST_MEASURED) - period + 1);
    const errors = Array.from({ length: STRINGS }, (_, i) => {
      const tokens = drawTokens(source, i, measured + (i % period));
      return distance([...output(tokens)], target.valueOf(tokens));
    });
    const shape = { length: length - period + 1, period, locality, moved: roundedTokens(model.config) };
    return [
      {
        epsilon,
        length,
        onShort: {
          length: measured,
          strings: STRINGS,
          mean: errors.reduce((sum, error) => sum + error, 0) / STRINGS,
          largest: Math.max(...errors),
        },
        target: target.shortError(shape) ?? null,
      },
    ];
  });
}
