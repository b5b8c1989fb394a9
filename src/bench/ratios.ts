import { isOurs } from './names.ts';
import type { Row } from './rows.ts';

/** Rows of one problem, fastest correct ones first, then those without a time or wrong. */
export interface Standing {
  /** Our fastest correct row. */
  ours: Row | undefined;
  /** The fastest correct row of a peer. */
  fastestPeer: Row | undefined;
  /** How many times longer each correct row other than `ours` takes, fastest first. */
  ratios: { row: Row; ratio: number }[];
  /** Rows whose results are wrong, or that have none. */
  wrong: Row[];
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
  return {
    ours,
    fastestPeer: correct.find(row => !isOurs(row.implementation)),
    ratios: ours
      ? correct.filter(row => row !== ours).map(row => ({ row, ratio: costOf(row)! / costOf(ours)! }))
      : [],
    wrong: rows.filter(row => !row.correct),
  };
}
