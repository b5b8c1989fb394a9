import type { Interval } from './statistics.ts';

/** What a test says of a claim: it is shown, its contrary is, or neither. */
export type Verdict = 'shown' | 'refuted' | 'undecided';

/** A claim of the paper with the statistic that decides it (docs/theory.md §8). */
export interface Claim {
  /** `<experiment>/<claim>`. */
  id: string;
  statement: string;
  /** What `value` is, and by which test the verdict came. */
  statistic: string;
  /** The number that was tested, where several were, the one that decided. Null: there was nothing to test. */
  value: number | null;
  interval: Interval | null;
  /** Of the interval: 0.9 for two one-sided tests at 5 %. */
  confidence: number;
  threshold: number;
  /** Largest p-value at which the claim is shown. */
  level: number;
  verdict: Verdict;
  /** What a verdict would need: said in its place. */
  lacks: string | null;
  /** Cells that the claim rests on. */
  seeds: number;
  /** Cells that have no plateau: they diverged. */
  diverged: number;
  pValue: number | null;
  /** The smallest p that so many seeds could give, where the test has one. */
  pFloor: number | null;
  /** What stands against the claim, or could not take part, in words. */
  remarks: string[];
}

/** Fewer seeds give no verdict. */
export const LEAST_SEEDS = 3;

export const NEEDS_SEEDS = `needs at least ${LEAST_SEEDS} seeds`;

/** Things in words, of many the first ones and how many more there are. */
export function listed(things: readonly string[], most = 6): string {
  const more = things.length - most;
  return [...things.slice(0, most), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/** How many cells repeat others, in words. */
export function repeatedText(count: number): string {
  return `${count} ${count === 1 ? 'cell has' : 'cells have'} another seed’s losses to the last bit and ${count === 1 ? 'was' : 'were'} left out`;
}
