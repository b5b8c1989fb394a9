import type { Run } from '../results/runs.ts';
import { complexityOf } from '../tasks/written.ts';
import { Baselines } from './baseline.ts';
import { earlyClaim } from './early-claim.ts';
import { exponentClaims } from './exponent-claim.ts';
import { hardmaxClaims } from './hardmax-claim.ts';
import { settingsLearned } from './learned.ts';
import { limitClaim } from './limit-claim.ts';
import { plateauClaim } from './plateau-claim.ts';
import { trendClaim } from './trend-claim.ts';
import type { Claim } from './verdict.ts';

/** What a run has to say that no larger one says already. */
export interface Evidence {
  run: Run;
  /** Cells that count here. */
  cells: Run['cells'];
  /** Which don't, in words. */
  note: string | null;
}

/** The evidence of runs. A cell is evidence once: what several runs hold counts in the largest of them. */
export function evidenceOf(runs: readonly Run[]): Evidence[] {
  const owners = new Map<string, Run>();
  for (const run of [...runs].sort((a, b) => b.cells.length - a.cells.length))
    for (const { cell } of run.cells) if (!owners.has(cell)) owners.set(cell, run);
  return runs.map(run => {
    const cells = run.cells.filter(({ cell }) => owners.get(cell) === run);
    const others = new Set(run.cells.map(({ cell }) => owners.get(cell)!.name));
    others.delete(run.name);
    const shared = run.cells.length - cells.length;
    const note =
      shared > 0
        ? `${shared} of its ${run.cells.length} cells are cells of ${[...others].join(', ')} too, and count there`
        : null;
    return { run, cells, note };
  });
}

/** Every claim that runs can decide. */
export function claimsOf(runs: readonly Run[]): Claim[] {
  return evidenceOf(runs).flatMap(({ run, cells, note }) =>
    claimsOfRun({ ...run, cells }).map(claim => ({
      ...claim,
      id: `${run.name}/${claim.id}`,
      remarks: [...(note === null ? [] : [note]), ...claim.remarks],
    })),
  );
}

function claimsOfRun(run: Run): Claim[] {
  const { cells, manifest } = run;
  const { task, streams } = manifest.experiment;
  const settings = settingsLearned(cells, Baselines.ofRun(run));
  const knobs = complexityOf(task).map(knob => `task.${knob}`);
  return [
    plateauClaim(settings),
    limitClaim(settings),
    trendClaim(settings, 'train.length', 'falls', streams),
    ...knobs.map(path => trendClaim(settings, path, 'rises', streams)),
    ...(task.kind === 'mod-p' ? hardmaxClaims(run) : []),
    earlyClaim(cells),
    ...exponentClaims(run),
  ].filter(claim => claim !== undefined);
}
