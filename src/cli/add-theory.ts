import { join } from 'node:path';
import { complexityRanges } from '../analysis/predicted.ts';
import { readRun } from '../results/runs.ts';
import { MachineError } from '../shared/errors.ts';
import { addTheory } from '../sweep/add-theory.ts';
import { theoryThreads } from '../sweep/theory-threads.ts';
import { builtFolder } from './options.ts';
import { log, print, printJson } from './output.ts';

/** Time between two lines of progress. */
const LINE_MS = 5000;

/**
 * `lengthwise theory --results`: theory of the trained cells that have none, and how large C(f) is in all. Exit code 1 when some still have
 * none.
 */
export async function theoryOfResults(folder: string, json: boolean): Promise<void> {
  let told = performance.now();
  const runs = await addTheory(folder, theoryThreads(join(builtFolder(), 'cli', 'theory-worker.js')), {
    say: log,
    theory(done, asked) {
      if (performance.now() - told < LINE_MS && done < asked) return;
      told = performance.now();
      log(`  theory of cell ${done}/${asked}`);
    },
  });
  const found = [];
  for (const run of runs) {
    const { cells } = await readRun(run.folder);
    found.push({ ...run, cells: cells.length, complexity: complexityRanges(cells) });
  }
  if (json) printJson({ runs: found });
  else
    for (const run of found)
      print(`${run.folder}: theory of ${run.added} cells added; ${complexityText(run)}`);
  const missing = runs.reduce((sum, run) => sum + run.missing, 0);
  if (missing > 0)
    throw new MachineError(
      `${missing} cells have no theory still`,
      'Why is said above, and in trained.jsonl.',
    );
}

/** `log10 C(f) of its 27 cells: norm 8678.1 to 43819.0, range 14.2 to 32.1`. */
function complexityText({
  cells,
  complexity,
}: {
  cells: number;
  complexity: ReturnType<typeof complexityRanges>;
}): string {
  const forms = Object.entries(complexity).flatMap(([form, logs]) =>
    logs ? [`${form} ${logs.least.toFixed(1)} to ${logs.most.toFixed(1)}`] : [],
  );
  return forms.length === 0
    ? `no C(f) in its ${cells} cells`
    : `log10 C(f) of its ${cells} cells: ${forms.join(', ')}`;
}
