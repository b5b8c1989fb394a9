import type { Experiment } from '../config/experiment.ts';
import { sourceOfTask } from '../data/makers.ts';
import type { Cell } from '../plan/cells.ts';
import { ENGINE_HASH } from '../plan/engine-hash.ts';
import { packSeconds } from '../plan/estimate.ts';
import { refuseImpossible } from '../plan/limits.ts';
import type { Plan } from '../plan/plan.ts';
import { LiveFile } from '../results/live.ts';
import { writeModelIndex } from '../results/model-index.ts';
import type { CellResult } from '../results/schema.ts';
import type { Trace } from '../results/trace.ts';
import type { Progress, Session } from '../runtime/session.ts';
import { trainPacks } from '../runtime/supervise.ts';
import { messageOf } from '../shared/errors.ts';
import type { AdapterPreference, Pack } from '../shared/protocol.ts';
import { keepCell } from './keep-cell.ts';
import { endedManifest, type Maker, manifestOf } from './manifest.ts';
import { linesOf, type OpenRun, openRun, type Place } from './open-run.ts';
import { testedLength } from './tested-length.ts';
import { type TheoryEvents, TheoryStage } from './theory-stage.ts';
import type { TheoryThreads } from './theory-threads.ts';
import { TimeLeft } from './time-left.ts';
import { Totals } from './totals.ts';

export interface SweepOptions extends Place {
  /** Packs trained at the same time. */
  workers: number;
  adapter: AdapterPreference;
  maker: Maker;
  /** Starts an engine. */
  open: () => Promise<Session>;
  /** Computes theory of trained cells beside the training of others; none: it is left for later. */
  theory: TheoryThreads | undefined;
  /** Gathers where the time went, and has the engine time its kernels. */
  trace?: Trace | undefined;
}

/** What a sweep tells of itself on its way. */
export interface SweepEvents extends TheoryEvents {
  /** What is missing is known, and nothing begun. What this throws ends the sweep before it begins. */
  planned(run: Pick<OpenRun, 'plan' | 'folder'>): void;
  /** The engine, where one is needed, has started. */
  begun(run: Pick<OpenRun, 'plan' | 'folder'>): void;
  progress(pack: number, event: Progress): void;
}

/** A run at its end: what it was, its finished cells, and what this process did of it. */
export interface Outcome {
  experiment: Experiment;
  folder: string;
  plan: Plan;
  /** Finished cells, in plan order. */
  lines: CellResult[];
  totals: Totals;
  seconds: number;
}

/**
 * Plans, trains, evaluates and stores a grid, and then its theory. Finished cells are not trained again; those whose theory is still to
 * come, because the run that trained them was ended, have it first.
 * @throws InputError when a cell is impossible or the run's folder cannot be used, MachineError when an engine cannot go on.
 */
export async function runSweep(
  experiment: Experiment,
  options: SweepOptions,
  events: SweepEvents,
): Promise<Outcome> {
  const began = performance.now();
  const idle: Session[] = [];
  try {
    // What an earlier run left is not deleted before there is an engine that can make it anew.
    if (options.fresh) idle.push(await options.open());
    const run = await openRun(experiment, options, events.say);
    const totals = await sweep(run, options, events, idle);
    const seconds = (performance.now() - began) / 1000;
    return { experiment, folder: run.folder, plan: run.plan, lines: linesOf(run), totals, seconds };
  } finally {
    await Promise.allSettled(idle.map(session => session.close()));
  }
}

async function sweep(
  run: OpenRun,
  options: SweepOptions,
  events: SweepEvents,
  idle: Session[],
): Promise<Totals> {
  const { plan } = run;
  const totals = new Totals();
  const stage = options.theory && stageOf(run, options.theory, events);
  let begun = plan.packs.length === 0;
  try {
    refuseImpossible(plan.packs);
    events.planned(run);
    for (const { hash } of untried(run)) stage?.add(hash);
    if (plan.packs.length > 0) {
      if (idle.length === 0) idle.push(await options.open());
      begun = true;
      events.begun(run);
      await watched(run, live => train(run, options, events, { idle, totals, stage, live }));
    } else {
      events.begun(run);
      if (run.took > 0)
        await run.store.writeManifest(endedManifest(manifestOf(run, options.maker), run, totals));
    }
    await stage?.drain();
    if (plan.packs.length > 0 || run.took > 0) await writeModelIndex(run.folder, linesOf(run));
    return totals;
  } finally {
    await stage?.close();
    await run.close(begun);
  }
}

/** The stage in which theory of a run's cells is computed. */
export function stageOf(run: OpenRun, threads: TheoryThreads, events: TheoryEvents): TheoryStage {
  const { store, folder, plan, experiment } = run;
  const epsilons = experiment.content.epsilon;
  return new TheoryStage({ store, folder, cells: plan.cells, epsilons }, threads, events);
}

/** Cells of the plan that are trained, and whose theory nobody has tried. */
export function untried({ plan, store }: OpenRun): Cell[] {
  const waiting = new Set(store.waiting.flatMap(({ cell, theoryError }) => (theoryError ? [] : [cell])));
  return plan.cells.filter(({ hash }) => waiting.has(hash));
}

/** Has whoever watches the folder know how training goes, and what ended it. */
export async function watched<T>(run: OpenRun, work: (live: LiveFile) => Promise<T>): Promise<T> {
  const live = new LiveFile(run.folder);
  try {
    const done = await work(live);
    await live.close(run.plan.cells.every(({ hash }) => run.store.has(hash)));
    return done;
  } catch (error) {
    live.say({ say: 'failed', message: messageOf(error) });
    await live.close(false);
    throw error;
  }
}

/** What training a run takes and fills. */
interface Means {
  live: LiveFile;
  idle: Session[];
  totals: Totals;
  stage: TheoryStage | undefined;
}

async function train(
  run: OpenRun,
  { adapter, workers, maker, open, trace }: SweepOptions,
  events: SweepEvents,
  { idle, totals, stage, live }: Means,
): Promise<void> {
  const { plan, store, checkpoints } = run;
  const manifest = manifestOf(run, maker);
  await store.writeManifest(manifest);
  const cellOf = new Map(plan.cells.map(cell => [cell.hash, cell]));
  const left = new TimeLeft(
    plan.packs.map(({ pack, cells }) => ({ cells: cells.length, seconds: packSeconds(pack) })),
    0,
  );
  const packed = (index: number, { replicas }: Pack) =>
    live.packed(
      index,
      replicas.map(({ cell }) => cell),
    );
  live.say({ say: 'begin', packs: plan.packs.length, workers });
  await trainPacks(
    plan.packs.map(({ pack }) => ({ pack, adapter, ...(trace ? { profile: true } : {}) })),
    {
      workers,
      open,
      onLog(line) {
        live.say({ say: 'note', line });
        events.say(line);
      },
      engine: ENGINE_HASH,
      savedOf: checkpoints.take,
      sourceOf: sourceOfTask,
      onProgress(index, event, pack) {
        packed(index, pack);
        left.update(index, event);
        const { event: _, ...progress } = event;
        live.progressed({ pack: index, ...progress, secondsLeft: left.seconds() });
        events.progress(index, event);
      },
      onTested(index, event, pack) {
        packed(index, pack);
        const tested = testedLength(event, pack);
        if (tested) live.say({ say: 'tested', pack: index, ...tested });
      },
      onCheckpoints(states) {
        const save = () => checkpoints.save(states);
        return trace ? trace.during('write checkpoints', save) : save();
      },
      async onFinished({ index, pack, trained, curves, seconds, session }) {
        totals.add(trained, session);
        if (trained.profile) trace?.add(`pack ${index + 1}`, pack.replicas.length, trained.profile);
        const { adapter } = trained;
        const driver = session.version;
        for (const [r, outcome] of trained.cells.entries()) {
          const cell = cellOf.get(outcome.cell)!;
          await keepCell(
            run,
            cell,
            { outcome, adapter, driver, curve: curves[r]!, seconds: seconds[r]! },
            stage,
          );
        }
      },
    },
    idle,
  );
  await store.writeManifest(endedManifest(manifest, run, totals));
}
