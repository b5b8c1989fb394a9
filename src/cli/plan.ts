import Table from 'cli-table3';
import { stringify } from 'yaml';
import { loadExperiment } from '../config/experiment.ts';
import { packSeconds } from '../plan/estimate.ts';
import { memoryWarning, refuseImpossible } from '../plan/limits.ts';
import { lookAt } from '../sweep/look.ts';
import { log, print, printJson } from './output.ts';

export interface PlanOptions {
  set: string[];
  size?: string;
  out: string;
  json: boolean;
}

/** Packs that the table names. */
const ROWS = 40;

/** `lengthwise plan`: what `run` would do. Runs nothing, writes nothing. */
export async function plan(file: string, options: PlanOptions): Promise<void> {
  const experiment = await loadExperiment(file, options.set, options.size);
  const { cells, finished, packs, run } = await lookAt(experiment, options.out);
  refuseImpossible(packs);
  const rows = packs.map(({ pack, bytes }) => {
    const { compile, train, test, theory } = packSeconds(pack);
    return {
      replicas: pack.replicas.length,
      steps: pack.steps,
      batch: pack.batch,
      trainSequences: pack.replicas.length * pack.steps * pack.batch,
      bytes,
      secondsOnSoftware: compile + train + test,
      theorySeconds: theory,
    };
  });
  const warning = memoryWarning(packs);
  const example = cells[0]!;
  if (options.json) {
    const done = new Set(finished);
    printJson({
      name: experiment.name,
      run,
      cells: cells.map(({ hash, axes }) => ({ cell: hash, axes, finished: done.has(hash) })),
      resolved: example.config,
      packs: rows,
      warnings: warning === undefined ? [] : [warning],
    });
    return;
  }
  const table = new Table({
    head: [
      'pack',
      'replicas',
      'steps',
      'batch',
      'sequences',
      'memory',
      'software adapter',
      'theory, one core',
    ],
    style: { head: [], border: [] },
  });
  for (const [i, row] of rows.slice(0, ROWS).entries()) {
    table.push([
      i + 1,
      row.replicas,
      row.steps,
      row.batch,
      row.trainSequences.toLocaleString('en'),
      `${(row.bytes / 2 ** 20).toFixed(1)} MiB`,
      `about ${timeText(row.secondsOnSoftware)}`,
      `about ${timeText(row.theorySeconds)}`,
    ]);
  }
  const known = finished.length > 0 ? `, ${finished.length} of them finished` : '';
  print(
    `${experiment.name}: ${cells.length} cells${known}; ${packs.length} pack${packs.length === 1 ? '' : 's'} to train (run ${run})`,
  );
  if (rows.length > 0) print(table.toString());
  if (rows.length > ROWS) print(`… and ${rows.length - ROWS} more packs.`);
  print(
    `Cell ${example.hash}, every value:\n${stringify(example.config, { flowCollectionPadding: false })}`.trimEnd(),
  );
  if (warning !== undefined) log(`warning: ${warning}`);
}

function timeText(seconds: number): string {
  return seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
