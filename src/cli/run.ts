import { cpus, hostname } from 'node:os';
import { join } from 'node:path';
import { baselineOf } from '../analysis/baseline.ts';
import { plateauPoints } from '../analysis/plateau.ts';
import { lengthRows, theoryPoints } from '../analysis/predicted.ts';
import { type Experiment, loadExperiment } from '../config/experiment.ts';
import { layoutOf, unflatten } from '../model/layout.ts';
import { writeModel } from '../model/safetensors.ts';
import type { Cell } from '../plan/cells.ts';
import type { PlannedPack } from '../plan/packs.ts';
import { type Plan, planExperiment } from '../plan/plan.ts';
import type { CellConfig } from '../plan/resolve.ts';
import { sourceOf } from '../plan/source.ts';
import type { CellLine, Manifest } from '../results/schema.ts';
import { type CurveLine, type FinishedCell, readCells, Store } from '../results/store.ts';
import { Trace } from '../results/trace.ts';
import type { Progress, Session } from '../runtime/session.ts';
import { type Trained, trainPacks } from '../runtime/supervise.ts';
import { type AdapterInfo, adapterName } from '../shared/adapter.ts';
import { floatsFromBase64 } from '../shared/base64.ts';
import { InputError } from '../shared/errors.ts';
import type { Model } from '../shared/model-config.ts';
import { type Analysis, analyse } from '../theory/theory.ts';
import { openEngine } from './machine.ts';
import { type MachineOptions, version } from './options.ts';
import { log, print, printJson } from './output.ts';
import { checkProfilePath, saveProfile } from './profile.ts';
import { RunProgress } from './progress.ts';
import { type Baselines, columnOf, lengthSummary, summaryText, theorySummary } from './summary.ts';

export interface RunOptions extends MachineOptions {
  set: string[];
  size?: string;
  out: string;
  workers: number;
  fresh: boolean;
  /** Where the profile goes, or true for the run's folder. */
  profile?: string | true;
  json: boolean;
}

/** Where results go unless --out says otherwise. */
export const RESULTS = 'results';

/** What training in this process added up to. */
interface Totals {
  sequences: number;
  /** Reads that carried a target. */
  labels: number;
  trainSeconds: number;
  adapter: AdapterInfo | null;
  browser: string | null;
}

/** `lengthwise run`: plans, trains and evaluates the grid, and prints the verdict. Finished cells are not run again. */
export async function run(file: string, options: RunOptions): Promise<void> {
  const began = performance.now();
  if (options.port !== 0 && options.workers > 1) {
    throw new InputError(
      '--port: one port cannot serve several workers',
      'Leave --port out, or use --workers 1.',
    );
  }
  const experiment = await loadExperiment(file, options.set, options.size);
  const whole = planExperiment(experiment);
  const folder = join(options.out, experiment.name, whole.runHash);
  const done = new Set(options.fresh ? [] : (await readCells(folder)).cells.map(line => line.cell));
  const plan = planExperiment(experiment, hash => done.has(hash));
  if (options.profile !== undefined && plan.packs.length === 0) {
    throw new InputError(
      '--profile: every cell is already finished, so there is nothing to time',
      'Name a new folder with --out, or start over with --fresh.',
    );
  }
  if (typeof options.profile === 'string') await checkProfilePath(options.profile);
  const trace = options.profile === undefined ? undefined : new Trace();
  const totals: Totals = { sequences: 0, labels: 0, trainSeconds: 0, adapter: null, browser: null };
  const progress = new RunProgress(
    plan.packs.map(({ pack }) => ({ steps: pack.steps, tests: pack.test.lengths.length + 1 })),
  );
  const open = () =>
    during(trace, 'start the engine', () =>
      openEngine(options, line => progress.say(line), trace !== undefined),
    );
  // A browser that does not start must leave nothing behind, so the first one starts before the results are opened.
  const idle = plan.packs.length > 0 ? [await open()] : [];
  let store: Store | undefined;
  try {
    store = await Store.open(folder, { fresh: options.fresh, onTorn: log });
    const already = plan.finished.length;
    const known = already > 0 ? `, ${already} already finished` : '';
    progress.say(`${experiment.name}: ${plan.cells.length} cells${known}, results in ${folder}`);
    if (plan.packs.length > 0)
      await train(experiment, plan, store, { ...options, open, idle, progress, trace }, totals);
    progress.stop();
    if (trace)
      await saveProfile(options.profile === true ? join(folder, 'profile.json') : options.profile!, trace);
    const seconds = (performance.now() - began) / 1000;
    const outcome = { experiment, folder, plan, lines: linesOf(plan, store), totals, seconds };
    if (options.json) printJson(summaryJson(outcome));
    else printSummary(outcome);
  } finally {
    progress.stop();
    await Promise.allSettled(idle.map(session => session.close()));
    await store?.close();
  }
}

/** What `train` uses besides the plan. */
interface TrainOptions extends RunOptions {
  open: () => Promise<Session>;
  idle: Session[];
  progress: RunProgress;
  trace: Trace | undefined;
}

/** Does some work, and notes in the trace, where there is one, how long it took. */
function during<T>(trace: Trace | undefined, name: string, work: () => Promise<T>): Promise<T> {
  return trace ? trace.during(name, work) : work();
}

async function train(
  experiment: Experiment,
  plan: Plan,
  store: Store,
  { adapter, workers, open, idle, progress, trace }: TrainOptions,
  totals: Totals,
): Promise<void> {
  const manifest = manifestOf(experiment, plan, store);
  await store.writeManifest(manifest);
  const curves: CurveLine[][] = plan.packs.map(() => []);
  await trainPacks(
    plan.packs.map(({ pack }) => ({ pack, adapter, ...(trace ? { profile: true } : {}) })),
    {
      workers,
      open,
      onLog: line => progress.say(line),
      onProgress(pack, event) {
        // A pack that is begun again starts its curve again.
        if (event.phase === 'train' && event.curve[0]?.step === plan.packs[pack]!.pack.logEvery)
          curves[pack] = [];
        curves[pack]!.push(...curveLines(plan.packs[pack]!, event));
        progress.update(pack, event);
      },
      async onFinished(pack, trained, session) {
        totals.sequences += trained.trainSequences;
        totals.labels += trained.trainLabels;
        totals.trainSeconds += trained.trainSeconds;
        totals.adapter = trained.adapter;
        totals.browser = session.version;
        const { cells } = plan.packs[pack]!;
        if (trained.profile) trace?.add(`pack ${pack + 1}`, cells.length, trained.profile);
        progress.say(`margins, C(f) and bounds of ${cells.length} trained cells`);
        for (const [r, cell] of cells.entries()) {
          const finished = await during(trace, 'theory of a cell', () =>
            finishedCell(plan.packs[pack]!, trained, r, experiment.content.epsilon),
          );
          await store.add(
            [finished],
            curves[pack]!.filter(line => line.cell === cell.hash),
          );
        }
      },
    },
    idle,
  );
  await store.writeManifest({
    ...manifest,
    versions: { ...manifest.versions, browser: totals.browser },
    adapter: totals.adapter,
    end: new Date().toISOString(),
    finished: store.cells.length,
    diverged: store.cells.filter(cell => cell.divergedAtStep !== null).length,
  });
}

function manifestOf(experiment: Experiment, plan: Plan, store: Store): Manifest {
  const [cpu] = cpus();
  return {
    name: experiment.name,
    run: plan.runHash,
    experiment: experiment.content,
    cells: plan.cells.length,
    command: `lengthwise ${process.argv.slice(2).join(' ')}`,
    versions: { lengthwise: version, node: process.version, browser: null },
    host: {
      name: hostname(),
      platform: `${process.platform} ${process.arch}`,
      cpu: cpu?.model ?? 'unknown',
      cores: cpus().length,
    },
    adapter: null,
    start: new Date().toISOString(),
    end: null,
    finished: store.cells.length,
    diverged: 0,
  };
}

function curveLines({ pack }: PlannedPack, event: Progress): CurveLine[] {
  return event.curve.flatMap(({ step, losses }) =>
    losses.map((loss, r) => ({ cell: pack.replicas[r]!.cell, step, loss })),
  );
}

async function finishedCell(
  { pack, cells }: PlannedPack,
  trained: Trained,
  r: number,
  epsilons: readonly number[],
): Promise<FinishedCell> {
  const outcome = trained.cells[r]!;
  const weights = floatsFromBase64(outcome.weights);
  const model = { config: pack.model, tensors: unflatten(layoutOf(pack.model), weights) };
  const sound = outcome.divergedAtStep === null && weights.every(Number.isFinite);
  const analysis = sound ? await analyseCell(model, cells[r]!.config, epsilons) : null;
  return {
    line: {
      cell: outcome.cell,
      axes: cells[r]!.axes,
      trainLoss: outcome.trainLoss,
      trainLossStderr: outcome.trainLossStderr,
      divergedAtStep: outcome.divergedAtStep,
      test: outcome.test,
      theory: analysis?.theory ?? null,
      attention: analysis?.attention ?? null,
      steps: pack.steps,
      seconds: (trained.trainSeconds + trained.testSeconds) / cells.length,
      adapter: adapterName(trained.adapter),
    },
    model: writeModel(model),
  };
}

/** Theory of a trained cell, bounds at each ε and, to lay beside losses, at its square root. */
function analyseCell(model: Model, config: CellConfig, epsilons: readonly number[]): Promise<Analysis> {
  return analyse(model, {
    epsilons: [...new Set([...epsilons, ...epsilons.map(Math.sqrt)])],
    bits: null,
    alpha: config.data.alpha,
    source: sourceOf(config),
  });
}

/** Cells of this plan in plan order; the run's folder may hold no others. */
function linesOf(plan: Plan, store: Store): CellLine[] {
  const byHash = new Map(store.cells.map(line => [line.cell, line]));
  return plan.cells.flatMap(({ hash }) => byHash.get(hash) ?? []);
}

function baselinesOf(cells: Cell[]): Baselines {
  const baselines = new Map();
  for (const { axes, config } of cells) {
    const column = columnOf(axes);
    if (!baselines.has(column)) baselines.set(column, baselineOf(config));
  }
  return baselines;
}

/** A run at its end: what it was, its finished cells, and what this process did of it. */
interface Outcome {
  experiment: Experiment;
  folder: string;
  plan: Plan;
  lines: CellLine[];
  totals: Totals;
  seconds: number;
}

function summaryJson({ experiment, folder, plan, lines, totals, seconds }: Outcome): object {
  return {
    run: folder,
    cells: plan.cells.length,
    alreadyFinished: plan.finished.length,
    finished: lines.length,
    diverged: lines.filter(line => line.divergedAtStep !== null).length,
    plateau: plateauPoints(lines),
    theory: theoryPoints(lines),
    lengths: lengthRows(lines, experiment.content.epsilon),
    baselines: Object.fromEntries(baselinesOf(plan.cells)),
    adapter: totals.adapter && adapterName(totals.adapter),
    sequencesPerSecond: totals.trainSeconds > 0 ? totals.sequences / totals.trainSeconds : null,
    labelsPerSecond: totals.trainSeconds > 0 ? totals.labels / totals.trainSeconds : null,
    seconds,
  };
}

/** What training got through; labels beside sequences where they are not one to one. */
function ratesText({ sequences, labels, trainSeconds }: Totals): string {
  const rate = (count: number, what: string) =>
    `${Math.round(count / trainSeconds).toLocaleString('en')} ${what}/s`;
  return [rate(sequences, 'sequences'), ...(labels === sequences ? [] : [rate(labels, 'labels')])].join(', ');
}

function printSummary({ experiment, folder, plan, lines, totals, seconds }: Outcome): void {
  print(`\n${summaryText(lines, baselinesOf(plan.cells))}\n`);
  for (const text of [theorySummary(lines), lengthSummary(lines, experiment.content.epsilon)])
    if (text) print(`${text}\n`);
  const diverged = lines.filter(line => line.divergedAtStep !== null).length;
  if (diverged > 0)
    print(`${diverged} of ${lines.length} cells diverged: kept in cells.jsonl, left out of the means above.`);
  if (totals.adapter) {
    print(
      `Trained at ${ratesText(totals)} on ${adapterName(totals.adapter)} in ${totals.browser}; ${seconds.toFixed(0)} s in all.`,
    );
  } else {
    const [adapter] = new Set(lines.map(line => line.adapter));
    print(
      `All ${lines.length} cells were already finished (on ${adapter}); nothing was run. --fresh starts over.`,
    );
  }
  print(`Results: ${folder}`);
}
