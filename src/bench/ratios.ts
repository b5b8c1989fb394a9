import { isOnAdapter, isOurs } from './names.ts';
import type { Row } from './rows.ts';

/** How the rows of one problem stand to each other. */
export interface Standing {
  /** Our fastest correct row. */
  ours: Row | undefined;
  /** The fastest correct row of a peer on the shared adapter, and of any peer. */
  onAdapter: Row | undefined;
  fastest: Row | undefined;
  /** How many times longer each correct row other than `ours` takes, fastest first. */
  ratios: { row: Row; ratio: number }[];
  /** Rows whose results are wrong, and rows without times. */
  wrong: Row[];
  failed: Row[];
}

const sameProblem = (row: Row) =>
  JSON.stringify([row.suite, row.model, row.T, row.D, row.heads, row.direction]);

/** Rows by problem, in the order in which they came. */
export function byProblem(rows: readonly Row[]): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(sameProblem(row), [...(groups.get(sameProblem(row)) ?? []), row]);
  return [...groups.values()];
}

/** What a row's speed is compared by: time of a call; in training, time of a sequence. */
export function costOf(row: Row): number | null {
  if (row.suite !== 'training') return row.medianMs;
  return row.sequencesPerSecond === undefined ? null : 1000 / row.sequencesPerSecond;
}

/** Who wins a problem, and by how much. A wrong result wins nothing. */
export function standing(rows: readonly Row[]): Standing {
  const correct = rows
    .filter(row => row.correct && costOf(row) !== null)
    .sort((a, b) => costOf(a)! - costOf(b)!);
  const ours = correct.find(row => isOurs(row.implementation));
  const peers = correct.filter(row => !isOurs(row.implementation));
  return {
    ours,
    onAdapter: peers.find(row => isOnAdapter(row.implementation)),
    fastest: peers[0],
    ratios: ours
      ? correct.filter(row => row !== ours).map(row => ({ row, ratio: costOf(row)! / costOf(ours)! }))
      : [],
    wrong: rows.filter(row => row.problem === undefined && !row.correct),
    failed: rows.filter(row => row.problem !== undefined),
  };
}
