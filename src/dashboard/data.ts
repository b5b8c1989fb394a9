/*
 * What the server tells the page, and an export holds: runs, their cells in columns, and training curves. Plain JSON; every text in it may
 * come from a file of somebody else.
 */

import type { Baseline } from '../analysis/baseline.ts';
import type { RequiredLength } from '../analysis/required.ts';
import type { Axes } from '../results/axes.ts';
import type { Curve } from '../results/curve-file.ts';
import type { LiveWorker } from '../results/live.ts';
import type { CellResult } from '../results/schema.ts';

/** How a cell stands. A code is a place in this list. */
export const STATES = ['waiting', 'running', 'interrupted', 'finished', 'diverged', 'failed'] as const;
export type State = (typeof STATES)[number];

export const stateCode = (state: State): number => STATES.indexOf(state);

/** Numbers of a cell, by name: what is coloured, sorted and filtered by. */
export const METRICS = [
  'plateau',
  /** Standard error of the natural logarithm of the plateau, from those of the test losses. */
  'plateauError',
  'trainLoss',
  'norm',
  'range',
  'empirical',
  'logitMargin',
  'effectiveMargin',
  'positionalMargin',
  'accuracy',
  'steps',
  'seconds',
] as const;
export type Metric = (typeof METRICS)[number];

export type Scalar = number | string | boolean | null;

/** A column of values of which there are few different ones. */
export interface Coded {
  values: Scalar[];
  /** Places in `values`. */
  codes: number[];
}

/** Cells of a run, a column a property, all of one length. */
export interface Columns {
  cells: string[];
  states: number[];
  axes: Record<string, Coded>;
  metrics: Record<Metric, (number | null)[]>;
}

export type RunState = 'empty' | 'running' | 'interrupted' | 'finished' | 'failed';

/** A pack that is being trained. */
export interface PackNow {
  pack: number;
  cells: number;
  phase: 'train' | 'test';
  done: number;
  total: number;
  sequencesPerSecond: number;
  /** Median over its cells of the batch loss that was told last; null before one. */
  loss: number | null;
  /** The worker of a queue that trains it. */
  worker: string | null;
}

/** A run without its cells. */
export interface RunHead {
  /** `<experiment>/<run>`, with a number where several folders hold one of that name. */
  id: string;
  name: string;
  run: string;
  folder: string;
  task: string;
  /** Axes that make the task harder, the first first. */
  knobs: string[];
  epsilons: number[];
  /** Its configuration by path, lists as JSON; what an axis varies is told by the cells. */
  settings: Record<string, Scalar>;
  /** Cells that are planned. */
  planned: number;
  state: RunState;
  /** Why it failed, or what its process said last. */
  word: string | null;
  adapter: string | null;
  command: string;
  shard: string | null;
  engine: string | null;
  start: string;
  end: string | null;
  packs: PackNow[];
  secondsLeft: number | null;
  /** Jobs of its queue, and who can take them. */
  queue: { waiting: number; active: number; failed: number; workers: LiveWorker[] } | null;
  /** Cells whose jobs nobody could do, and why. */
  lost: { cells: number; reason: string }[];
  /** What cannot be read, in words. */
  problems: string[];
}

export interface RunData {
  head: RunHead;
  columns: Columns;
}

/** What is known of a queue; `problem` where it cannot be asked. */
export interface QueueHead {
  workers: LiveWorker[];
  failures: { job: string; reason: string }[];
  problem: string | null;
}

/** Everything but curves and the details of cells. */
export interface Snapshot {
  /** Changes when the server starts anew. */
  epoch: string;
  version: number;
  runs: RunData[];
  queue: QueueHead | null;
}

export type { LiveWorker };

/** A test length of a cell: the mean loss over its sequences, with its standard error. */
export interface TestedPoint {
  length: number;
  loss: number | null;
  stderr: number | null;
}

/** What is drawn of a cell: its training curve, and losses at the test lengths that are evaluated. */
export interface Curves extends Curve {
  tests: TestedPoint[];
}

/** What changed: an event of the server. */
export type Change =
  | { kind: 'head'; head: RunHead }
  | { kind: 'rows'; run: string; columns: Columns }
  /** What came to curves: points at steps that are known replace them and all that follow, as lengths that are known do theirs. */
  | { kind: 'curves'; run: string; curves: Record<string, Curves> }
  | { kind: 'queue'; queue: QueueHead }
  /** What the page has is of no use: it asks for everything again. */
  | { kind: 'anew' };

/** Everything that is known of one cell. */
export interface CellDetail {
  cell: string;
  axes: Record<string, Scalar>;
  state: State;
  /** As resolved; null where the experiment is not one of this version. */
  config: unknown;
  /** Its line of results; null until it has one. */
  line: Record<string, unknown> | null;
  /** Where its weights are, on the machine that serves this. */
  model: string | null;
  /** Trains exactly this cell. */
  command: string;
}

/** What figures of a whole run are drawn from. */
export interface RunResults {
  cells: CellResult[];
  /** Cells of the run that have results, where these are only the first. */
  of: number;
  baselines: { axes: Axes; baseline: Baseline }[];
  /** N*(ε) of every setting. */
  required: SentLength[];
}

/** An N*(ε) on its way to the page: JSON has no ∞, and null is the upper end beyond what was trained. */
export type SentLength = Omit<RequiredLength, 'interval'> & {
  interval: [low: number, high: number | null] | null;
};

/** An N*(ε) as it is sent. */
export function sentLength({ interval, ...rest }: RequiredLength): SentLength {
  return { ...rest, interval: interval && [interval[0], interval[1] === Infinity ? null : interval[1]] };
}

/** An N*(ε) as it was before it was sent. */
export function receivedLength({ interval, ...rest }: SentLength): RequiredLength {
  return { ...rest, interval: interval && [interval[0], interval[1] ?? Infinity] };
}

/** What an export holds: nothing more can be asked. */
export interface Frozen {
  snapshot: Snapshot;
  /** By run, then by cell. */
  details: Record<string, Record<string, CellDetail>>;
  curves: Record<string, Record<string, Curves>>;
  /** Of a cell whose line is among `details` its name: a line is a result, and once is enough. */
  results: Record<string, Omit<RunResults, 'cells'> & { cells: (CellResult | string)[] }>;
}

/** Curves of a cell of which nothing is known yet. */
export const noCurves = (): Curves => ({ steps: [], losses: [], tests: [] });

/**
 * Adds what came to curves. A step that is trained again, after an interruption, replaces what followed it, tests too; a test length
 * replaces itself.
 */
export function extend(curves: Curves, news: Curves): void {
  const [first] = news.steps;
  if (first !== undefined) {
    while (curves.steps.length > 0 && curves.steps.at(-1)! >= first) {
      curves.steps.pop();
      curves.losses.pop();
    }
    curves.tests = [];
  }
  news.steps.forEach((step, i) => {
    curves.steps.push(step);
    curves.losses.push(news.losses[i]!);
  });
  if (news.tests.length === 0) return;
  const lengths = new Set(news.tests.map(({ length }) => length));
  const old = curves.tests.filter(({ length }) => !lengths.has(length));
  curves.tests = [...old, ...news.tests].sort((a, b) => a.length - b.length);
}

/** Columns without a row. */
export function noColumns(): Columns {
  const metrics = Object.fromEntries(METRICS.map(name => [name, []])) as unknown as Columns['metrics'];
  return { cells: [], states: [], axes: {}, metrics };
}
