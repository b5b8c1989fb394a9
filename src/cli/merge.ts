import Table from 'cli-table3';
import { type Conflict, mergeRuns } from '../sweep/merge.ts';
import { log, print, printJson } from './output.ts';

export interface MergeOptions {
  out: string;
  json: boolean;
}

/** Conflicts that are listed one by one. */
const LISTED = 20;

/** `lengthwise merge`: runs and shards of one grid into one run, every cell once. */
export async function merge(folders: string[], { out, json }: MergeOptions): Promise<void> {
  const runs = await mergeRuns(folders, out, log);
  const conflicts = runs.flatMap(run => run.conflicts);
  for (const conflict of conflicts.slice(0, LISTED)) log(conflictText(conflict));
  if (conflicts.length > LISTED) log(`… and ${conflicts.length - LISTED} more`);
  if (json) {
    printJson({ runs });
    return;
  }
  const table = new Table({
    head: ['run', 'runs read', 'cells', 'of', 'added', 'conflicts'],
    style: { head: [], border: [] },
  });
  for (const run of runs)
    table.push([run.folder, run.from.length, run.cells, run.of, run.added, run.conflicts.length]);
  print(table.toString());
}

function conflictText({ cell, kept, other }: Conflict): string {
  const [a, b] = [kept, other].map(({ adapter, folder }) => `${folder} (${adapter})`);
  return `note: cell ${cell} has other numbers in ${b} than in ${a}, which is kept`;
}
