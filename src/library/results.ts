/** Run folders (docs/results.md) read back. Node only. */

export { claimsOf } from '../analysis/claims.ts';
export { type PlateauPoint, plateauPoints, plateauSlope } from '../analysis/plateau.ts';
export { type RequiredLength, requiredLengths } from '../analysis/required.ts';
export type { Claim, Verdict } from '../analysis/verdict.ts';
export { type Run, readRun, readRuns, runFolders } from '../results/runs.ts';
export type { CellLine, CellResult, CurveLine, Manifest } from '../results/schema.ts';
export { modelPath } from '../results/store.ts';
