import Table from 'cli-table3';
import { loadExperiment } from '../config/experiment.ts';
import { estimateSeconds } from '../plan/estimate.ts';
import { planExperiment } from '../plan/plan.ts';
import { print, printJson } from './output.ts';

export interface PlanOptions {
  set: string[];
  size?: string;
  json: boolean;
}

/** `lengthwise plan`: what `run` would do. Runs nothing, writes nothing. */
export async function plan(file: string, options: PlanOptions): Promise<void> {
  const experiment = await loadExperiment(file, options.set, options.size);
  const { cells, packs, runHash } = planExperiment(experiment);
  const rows = packs.map(({ pack, bytes }) => ({
    replicas: pack.replicas.length,
    steps: pack.steps,
    batch: pack.batch,
    trainSequences: pack.replicas.length * pack.steps * pack.batch,
    bytes,
    secondsOnSoftware: estimateSeconds(pack),
  }));
  if (options.json) {
    printJson({
      name: experiment.name,
      run: runHash,
      cells: cells.map(({ hash, axes }) => ({ cell: hash, axes })),
      packs: rows,
    });
    return;
  }
  const table = new Table({
    head: ['pack', 'replicas', 'steps', 'batch', 'sequences', 'memory', 'training, software adapter'],
    style: { head: [], border: [] },
  });
  rows.forEach((row, i) => {
    table.push([
      i + 1,
      row.replicas,
      row.steps,
      row.batch,
      row.trainSequences.toLocaleString('en'),
      `${(row.bytes / 2 ** 20).toFixed(1)} MiB`,
      `about ${Math.ceil(row.secondsOnSoftware)} s`,
    ]);
  });
  print(
    `${experiment.name}: ${cells.length} cells in ${packs.length} pack${packs.length === 1 ? '' : 's'} (run ${runHash})`,
  );
  print(table.toString());
}
