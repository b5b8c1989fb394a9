import type { Experiment } from '../config/experiment.ts';
import type { Plan } from '../plan/plan.ts';
import type { CellResult } from '../results/schema.ts';
import type { Trace } from '../results/trace.ts';
import type { Progress, Session } from '../runtime/session.ts';
import { trainPacks } from '../runtime/supervise.ts';
import type { AdapterPreference } from '../shared/protocol.ts';
import { finishedCell } from './finished-cell.ts';
import { endedManifest, type Maker, manifestOf } from './manifest.ts';
import { linesOf, type OpenRun, openRun, type Place } from './open-run.ts';
import { Totals } from './totals.ts';

export interface SweepOptions extends Place {
  /** Packs trained at the same time. */
  workers: number;
  adapter: AdapterPreference;
  maker: Maker;
  /** Starts an engine. */
  open: () => Promise<Session>;
  /** Gathers where the time went, and has the engine time its kernels. */
  trace?: Trace | undefined;
}

/** What a sweep tells of itself on its way. */
export interface SweepEvents {
  /** Something to know, in a line. */
  say(line: string): void;
  /** What is missing is known, and nothing begun. What this throws ends the sweep before it begins. */
  planned(run: Pick<OpenRun, 'plan' | 'folder'>): void;
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
 * Plans, trains, evaluates and stores a grid. Finished cells are not trained again.
 * @throws InputError when a cell is impossible or the run's folder cannot be used, MachineError when an engine cannot go on.
 */
export async function runSweep(
  experiment: Experiment,
  options: SweepOptions,
  events: SweepEvents,
): Promise<Outcome> {
  const began = performance.now();
  const run = await openRun(experiment, options, events.say);
  const { folder, plan } = run;
  const totals = new Totals();
  const idle: Session[] = [];
  let begun = false;
  try {
    events.planned(run);
    if (plan.packs.length > 0) {
      idle.push(await options.open());
      begun = true;
      await train(run, options, events, idle, totals);
    }
    const seconds = (performance.now() - began) / 1000;
    return { experiment, folder, plan, lines: linesOf(run), totals, seconds };
  } finally {
    await Promise.allSettled(idle.map(session => session.close()));
    await run.close(begun);
  }
}

async function train(
  run: OpenRun,
  { adapter, workers, maker, open, trace }: SweepOptions,
  events: SweepEvents,
  idle: Session[],
  totals: Totals,
): Promise<void> {
  const { experiment, plan, store, checkpoints } = run;
  const manifest = manifestOf(run, maker);
  await store.writeManifest(manifest);
  const cellOf = new Map(plan.cells.map(cell => [cell.hash, cell]));
  await trainPacks(
    plan.packs.map(({ pack }) => ({ pack, adapter, ...(trace ? { profile: true } : {}) })),
    {
      workers,
      open,
      onLog: events.say,
      engine: '',
      savedOf: checkpoints.take,
      onProgress: events.progress,
      onCheckpoints: states => checkpoints.save(states),
      async onFinished({ index, pack, trained, curves, session }) {
        const planned = { pack, cells: pack.replicas.map(({ cell }) => cellOf.get(cell)!) };
        totals.add(trained, session);
        if (trained.profile) trace?.add(`pack ${index + 1}`, pack.replicas.length, trained.profile);
        events.say(`margins, C(f) and bounds of ${pack.replicas.length} trained cells`);
        for (const [r, { cell }] of pack.replicas.entries()) {
          const analyseCell = () => finishedCell(planned, trained, r, experiment.content.epsilon);
          const finished = await (trace ? trace.during('theory of a cell', analyseCell) : analyseCell());
          await store.add(
            finished,
            curves[r]!.map(point => ({ cell, ...point })),
          );
          await checkpoints.remove(cell);
        }
      },
    },
    idle,
  );
  await store.writeManifest(endedManifest(manifest, run, totals));
}
