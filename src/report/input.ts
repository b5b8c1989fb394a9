import type { ErrorExponent } from '../analysis/error-exponents.ts';
import type { LengthExponent, RequiredLength } from '../analysis/required.ts';
import type { Claim } from '../analysis/verdict.ts';
import type { WorstRatio } from '../analysis/worst-ratio.ts';
import type { Curve } from '../results/curve-file.ts';
import type { Run } from '../results/runs.ts';

/** A run with the training lengths that it needed. */
export interface Study {
  run: Run;
  lengths: RequiredLength[];
  exponents: LengthExponent[];
  errors: ErrorExponent[];
  /** Worst errors beside average ones, where an adversary has looked for them. */
  worst?: { testLength: number; settings: WorstRatio[] };
  /** Training curves by cell; absent, or of some cells only, where they are not to be had. */
  curves?: Readonly<Record<string, Curve>>;
}

/** What a report is made from: runs, and what `verify` finds in them. */
export interface ReportInput {
  studies: Study[];
  claims: Claim[];
  /** Everything that is not as it should be, in words. */
  missing: string[];
}
