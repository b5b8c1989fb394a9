import { numberText } from '../../report/names.ts';
import { symbolOf } from '../../results/axes.ts';
import type { Metric, Scalar, State } from '../data.ts';

/** What a metric is called, and how it is read. */
export const METRIC_WORDS: Record<
  Metric,
  { name: string; short: string; isLog: boolean; lowIsGood: boolean }
> = {
  plateau: { name: 'plateau', short: 'plateau', isLog: true, lowIsGood: true },
  plateauError: { name: 'standard error of ln plateau', short: '± ln', isLog: false, lowIsGood: true },
  trainLoss: { name: 'training loss', short: 'training loss', isLog: true, lowIsGood: true },
  norm: { name: 'log₁₀ C(f), norm form', short: 'log₁₀ C norm', isLog: false, lowIsGood: true },
  range: { name: 'log₁₀ C(f), range form', short: 'log₁₀ C range', isLog: false, lowIsGood: true },
  empirical: { name: 'log₁₀ C(f), empirical', short: 'log₁₀ C emp.', isLog: false, lowIsGood: true },
  logitMargin: { name: 'logit margin γ', short: 'γ logit', isLog: true, lowIsGood: false },
  effectiveMargin: { name: 'effective margin γ', short: 'γ effective', isLog: true, lowIsGood: false },
  positionalMargin: { name: 'positional margin γ', short: 'γ positional', isLog: true, lowIsGood: false },
  accuracy: { name: 'accuracy at the longest T', short: 'accuracy', isLog: false, lowIsGood: false },
  steps: { name: 'steps', short: 'steps', isLog: false, lowIsGood: false },
  seconds: { name: 'seconds', short: 'seconds', isLog: true, lowIsGood: true },
};

/** A mark for a state that is told without colour. */
export const STATE_MARKS: Record<State, string> = {
  waiting: '·',
  running: '▸',
  interrupted: '‖',
  finished: '●',
  diverged: '×',
  failed: '!',
};

export function scalarText(value: Scalar): string {
  if (value === null) return '–';
  return typeof value === 'number' ? numberText(value, 4) : String(value);
}

export function metricText(value: number | null): string {
  return value === null ? '–' : numberText(value);
}

/** Axes of a cell in words, the seed too: `ω = 8, N = 16, seed 0`. */
export function axesText(axes: Record<string, Scalar>, paths = Object.keys(axes)): string {
  return paths
    .filter(path => axes[path] !== null && axes[path] !== undefined)
    .map(path => (path === 'seed' ? `seed ${axes[path]}` : `${symbolOf(path)} = ${axes[path]}`))
    .join(', ');
}

/** A time in words: `42 s`, `3 min`, `1 h 20 min`. */
export function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
