import { type ClassTables, FirstLayer } from '../../src/model/first-layer.ts';
import { multiply } from '../../src/shared/linear.ts';
import type { Model } from '../../src/shared/model-config.ts';
import { apportion } from '../../src/simulation/deterministic.ts';
import { distance } from '../../src/simulation/simulate.ts';
import { hasFinitePrecision } from '../../src/theory/defined.ts';

/**
 * All that a one-layer model sees of a string: how often each class occurs before the τ-suffix, the suffix (the last token first), and T.
 */
interface Seen {
  counts: number[];
  suffix: number[];
  length: number;
}

/** f of strings of any length, by what the model sees of them. */
function outputsOfSeen(model: Model, tables: ClassTables): (seen: Seen) => number[] {
  return ({ counts, suffix, length }) => {
    const layer = new FirstLayer(model, tables);
    layer.counts.set(counts);
    layer.suffix.push(...suffix);
    layer.position = length;
    return [...multiply(model.tensors.unembed!, layer.state(), model.config.outputs)];
  };
}

/**
 * The largest ‖f(x) − f(z)‖ over x with z of `short` tokens: every suffix, and in each residue every mixture of two tokens whose share in z
 * rounds badly (none, one of many, half a slot), at |x| of `factors` times z, or what float64 can count. What it returns some string has;
 * the true largest may be larger.
 */
export function worstSeen(
  model: Model,
  tables: ClassTables,
  short: number,
  factors: readonly number[],
): number {
  const { vocabulary: S, period, locality, attention } = model.config;
  const output = outputsOfSeen(model, tables);
  const least = hasFinitePrecision(attention) ? 1 : 0;
  let worst = 0;
  for (const factor of factors) {
    const most = period === 1 ? Infinity : LONGEST;
    const long = short + period * Math.max(1, Math.round((Math.min(most, short * factor) - short) / period));
    const [many, few] = [long, short].map(length => slotsOf(length - locality - 1, period)) as [
      number[],
      number[],
    ];
    const mixtures = many.map((n, r) => twoTokens(S, n, few[r]!));
    for (const chosen of everyChoice(mixtures)) {
      const [x, z] = [new Array<number>(S * period).fill(0), new Array<number>(S * period).fill(0)];
      chosen.forEach((counts, r) => {
        const rounded = apportion(counts, few[r]!, least);
        counts.forEach((n, s) => {
          x[s * period + r] = n;
          z[s * period + r] = rounded[s]!;
        });
      });
      for (const tokens of everyChoice(
        Array.from({ length: locality + 1 }, () => Array.from({ length: S }, (_, s) => s)),
      )) {
        const suffix = tokens.map((s, t) => s * period + ((((long - t) % period) + period) % period));
        const [a, b] = [
          output({ counts: x, suffix, length: long }),
          output({ counts: z, suffix, length: short }),
        ];
        worst = Math.max(worst, distance(a, b));
      }
    }
  }
  return worst;
}

/** Beyond this, positions have no residues in float64. */
const LONGEST = 2 ** 50;

/** Positions of each residue among the first `free`. */
function slotsOf(free: number, period: number): number[] {
  return Array.from({ length: period }, (_, r) => Math.floor((free - (r === 0 ? period : r)) / period) + 1);
}

function twoTokens(S: number, n: number, slots: number): number[][] {
  const found: number[][] = [];
  for (let a = 0; a < S; a++) {
    for (let b = 0; b < S; b++) {
      if (a === b) continue;
      const most = Math.floor(n / 2);
      const half = Math.max(1, Math.floor(n / (2 * slots)));
      for (const k of new Set([0, 1, half - 1, half, most])) {
        if (k < 0 || k > n) continue;
        const counts = new Array<number>(S).fill(0);
        counts[a] = n - k;
        counts[b] = k;
        found.push(counts);
      }
    }
  }
  return found;
}

function* everyChoice<T>([first, ...rest]: T[][]): Generator<T[]> {
  if (!first) {
    yield [];
    return;
  }
  for (const one of first) for (const others of everyChoice(rest)) yield [one, ...others];
}
