import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { claimsOf, evidenceOf } from '../analysis/claims.ts';
import { type ErrorExponent, errorExponents } from '../analysis/error-exponents.ts';
import { FACTOR_PATHS } from '../analysis/exponent-claim.ts';
import { limitedByTraining } from '../analysis/limited.ts';
import {
  type LengthExponent,
  lengthExponents,
  type RequiredLength,
  requiredLengths,
} from '../analysis/required.ts';
import type { Claim } from '../analysis/verdict.ts';
import { baselineClaim, type PlateauRow, plateauRowSchema, plateauRows } from '../analysis/worsened.ts';
import { readUserFile } from '../config/user-file.ts';
import { notShown } from '../report/words.ts';
import type { Axes } from '../results/axes.ts';
import { type Run, readRuns } from '../results/runs.ts';
import { InputError, LengthwiseError, messageOf } from '../shared/errors.ts';
import { complexityOf, type WrittenTask } from '../tasks/written.ts';
import { log, print, printJson } from './output.ts';
import { findingsText } from './verify-text.ts';

export interface VerifyOptions {
  baseline?: string;
  /** Print what each claim states, and which test decides it. */
  details: boolean;
  json: boolean;
}

const BASELINE_BYTES = 2 ** 28;

/** A claim of the paper, or the comparison with a baseline, is not shown. Exit code 1. */
class NotShown extends LengthwiseError {
  constructor(open: readonly Claim[]) {
    super(1, `not shown: ${open.map(({ id, verdict }) => `${id} (${verdict})`).join(', ')}`);
  }
}

/** A claim as `--json` prints it (docs/results.md, "What --json prints"). */
export function claimJson(claim: Claim): Claim & { holds: boolean } {
  return { ...claim, holds: claim.verdict === 'shown' };
}

/** What `verify` and `report` make of runs. */
export interface Findings {
  runs: Run[];
  damaged: string[];
  claims: Claim[];
  required: {
    experiment: string;
    lengths: RequiredLength[];
    exponents: LengthExponent[];
    errors: ErrorExponent[];
    /** Settings whose plateau training may limit, and not its length. */
    limitedByTraining: Axes[];
  }[];
}

/** `lengthwise verify`: the paper's claims as statistics. Exit code 1 unless every one is shown. */
export async function verify(folder: string, options: VerifyOptions): Promise<void> {
  const findings = await findingsOf(folder, options.baseline);
  const { claims, required, runs, damaged } = findings;
  if (claims.length === 0) {
    throw new InputError(
      `${folder}: no claim can be decided (${missingOf(findings).join('; ') || 'no axis has two values'})`,
      'Let `lengthwise run` finish more of the grid first.',
    );
  }
  const open = notShown(claims);
  if (options.json) {
    printJson({
      claims: claims.map(claimJson),
      requiredLengths: required,
      plateaus: plateauRows(runs),
      missing: missingOf(findings),
    });
  } else {
    for (const line of missingOf(findings)) log(`note: ${line}`);
    print(findingsText(findings, options.details));
  }
  if (damaged.length > 0 || open.length > 0) {
    if (open.length > 0) throw new NotShown(open);
    throw new InputError(damaged[0]!, 'The other runs were read; mend or remove this one.');
  }
}

/** Reads runs and decides every claim. Throws `InputError` when there is nothing to decide on. */
export async function findingsOf(folder: string, baseline?: string): Promise<Findings> {
  const { runs, damaged } = await readRuns(folder);
  const claims = claimsOf(runs);
  if (baseline !== undefined) {
    const claim = baselineClaim(plateauRows(runs), await readBaseline(baseline));
    if (!claim)
      throw new InputError(
        `--baseline: ${baseline} and ${folder} have no setting with a plateau in common`,
        'Compare runs of the same experiment: name and axes must agree.',
      );
    claims.push(claim);
  }
  return { runs, damaged, claims, required: runs.flatMap(requiredOf) };
}

function requiredOf({ manifest, name, cells }: Run): Findings['required'] {
  const { epsilon, task } = manifest.experiment as { epsilon: number[]; task: WrittenTask };
  if (cells.length === 0) return [];
  const knobs = complexityOf(task).map(knob => `task.${knob}`);
  const lengths = requiredLengths(cells, epsilon);
  return [
    {
      experiment: name,
      lengths,
      exponents: lengthExponents(cells, [...new Set([...knobs, ...FACTOR_PATHS, 'data.alpha'])], epsilon),
      errors: errorExponents(cells, lengths),
      limitedByTraining: limitedByTraining(cells),
    },
  ];
}

async function readBaseline(path: string): Promise<PlateauRow[]> {
  const isFolder = await stat(path).then(
    info => info.isDirectory(),
    () => false,
  );
  if (isFolder) return plateauRows((await readRuns(path)).runs);
  const text = await readUserFile(path, BASELINE_BYTES);
  try {
    return z.object({ plateaus: z.array(plateauRowSchema) }).parse(JSON.parse(text)).plateaus;
  } catch (error) {
    throw new InputError(
      `--baseline: ${path} is no baseline (${messageOf(error).split('\n')[0]})`,
      'Give a results folder, or what `lengthwise verify --json` printed.',
      { cause: error },
    );
  }
}

/** Everything that is not as it should be, run by run. */
export function missingOf({ runs, damaged }: Findings): string[] {
  return [
    ...runs.flatMap(({ name, missing }) => missing.map(what => `${name}: ${what}`)),
    ...evidenceOf(runs).flatMap(({ run, note }) => (note === null ? [] : [`${run.name}: ${note}`])),
    ...damaged.map(what => `left out: ${what}`),
  ];
}
