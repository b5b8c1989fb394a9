import { ACTIVATIONS } from '../model/activation.ts';
import type { ModelConfig } from '../shared/model-config.ts';

/** Where a neuron's input can lie. */
export interface Interval {
  low: number;
  high: number;
}

type Kind = ModelConfig['activation'];

/** GELU's slope has its extremes at ±√2 and is monotone between and beyond them. */
const TURNS = [-Math.SQRT2, Math.SQRT2];
/** Covers the rounding of the roots and values below. */
const ROUNDING = 1e-12;

/** Smallest and largest slope of ψ on an interval. */
export function slopes(kind: Kind, { low, high }: Interval): Interval {
  if (kind === 'relu') {
    if (high <= 0) return { low: 0, high: 0 };
    return { low: low >= 0 ? 1 : 0, high: 1 };
  }
  const inside = TURNS.filter(x => x > low && x < high);
  const values = [low, high, ...inside].map(ACTIVATIONS.gelu.slope);
  return { low: Math.min(...values) - ROUNDING, high: Math.max(...values) + ROUNDING };
}

/**
 * A linear stand-in for ψ on an interval: `ψ(x) = slope · x + middle ± radius`, the slope that of the chord. Exact (radius 0) where
 * ReLU is always on or always off.
 */
export function relax(kind: Kind, interval: Interval): { slope: number; middle: number; radius: number } {
  const { low, high } = interval;
  if (kind === 'relu' && high <= 0) return { slope: 0, middle: 0, radius: 0 };
  if (kind === 'relu' && low >= 0) return { slope: 1, middle: 0, radius: 0 };
  const { value, slope: slopeAt } = ACTIVATIONS[kind];
  const slope = high > low ? (value(high) - value(low)) / (high - low) : slopeAt(low);
  const stationary = kind === 'relu' ? [0] : geluStationary(slope, interval);
  const rests = [low, high, ...stationary].map(x => value(x) - slope * x);
  const [least, most] = [Math.min(...rests), Math.max(...rests)];
  const size = Math.max(1, Math.abs(low), Math.abs(high));
  return { slope, middle: (least + most) / 2, radius: (most - least) / 2 + ROUNDING * size };
}

/** Points of an interval where GELU's slope is `slope`: at most one in each of the three stretches where it is monotone. */
function geluStationary(slope: number, { low, high }: Interval): number[] {
  const slopeAt = ACTIVATIONS.gelu.slope;
  const ends = [low, ...TURNS.filter(x => x > low && x < high), high];
  return ends.slice(1).flatMap((end, i) => {
    let [a, b] = [ends[i]!, end];
    const rising = slopeAt(b) > slopeAt(a);
    const above = (x: number) => slopeAt(x) > slope === rising;
    if (above(a) || !above(b)) return [];
    for (let step = 0; step < 60; step++) {
      const middle = (a + b) / 2;
      if (above(middle)) b = middle;
      else a = middle;
    }
    return [(a + b) / 2];
  });
}
