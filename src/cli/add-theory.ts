import { join } from 'node:path';
import { MachineError } from '../shared/errors.ts';
import { addTheory } from '../sweep/add-theory.ts';
import { theoryThreads } from '../sweep/theory-threads.ts';
import { builtFolder } from './options.ts';
import { log, print, printJson } from './output.ts';

/** Time between two lines of progress. */
const LINE_MS = 5000;

/** `lengthwise theory --results`: theory of the trained cells that have none. Exit code 1 when some still have none. */
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
  if (json) printJson({ runs });
  else for (const run of runs) print(`${run.folder}: theory of ${run.added} cells added`);
  const missing = runs.reduce((sum, run) => sum + run.missing, 0);
  if (missing > 0)
    throw new MachineError(
      `${missing} cells have no theory still`,
      'Why is said above, and in trained.jsonl.',
    );
}
