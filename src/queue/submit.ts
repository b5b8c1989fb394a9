import type { Redis } from 'ioredis';
import type { Experiment } from '../config/experiment.ts';
import { ENGINE_HASH } from '../plan/engine-hash.ts';
import { liveWorkerSchema } from '../results/live.ts';
import { writeModelIndex } from '../results/model-index.ts';
import { InputError } from '../shared/errors.ts';
import { keepCell } from '../sweep/keep-cell.ts';
import { endedManifest, type Maker, manifestOf } from '../sweep/manifest.ts';
import { linesOf, type OpenRun, openRun, type Place } from '../sweep/open-run.ts';
import { type Outcome, stageOf, untried, watched } from '../sweep/sweep.ts';
import type { TheoryEvents } from '../sweep/theory-stage.ts';
import type { TheoryThreads } from '../sweep/theory-threads.ts';
import { Totals } from '../sweep/totals.ts';
import { Collector, type FailedJob, type Standing } from './collector.ts';
import { liveWorkers } from './workers.ts';

export interface SubmitOptions extends Place {
  maker: Maker;
  /** Computes theory of cells as they come home; none: it is left for later. */
  theory: TheoryThreads | undefined;
  /** Keeps every cell on one kind of adapter. */
  sameAdapter: boolean;
  packMinutes: number;
  retry: boolean;
}

export interface SubmitEvents extends TheoryEvents {
  planned(run: Pick<OpenRun, 'plan' | 'folder'>): void;
  standing(standing: Standing): void;
}

/** What a submitted sweep came to. */
export interface Submitted extends Outcome {
  failed: FailedJob[];
}

/** Time between two looks for a first worker. */
const LOOK_MS = 1000;

/**
 * Plans a grid, queues what is missing, and stores what workers make of it, and its theory. May be ended and begun again at any time.
 * @throws InputError when a cell is impossible or the run's folder cannot be used.
 */
export async function submitSweep(
  redis: Redis,
  experiment: Experiment,
  options: SubmitOptions,
  events: SubmitEvents,
): Promise<Submitted> {
  const began = performance.now();
  const run = await openRun(experiment, options, events.say);
  const { folder, plan, store } = run;
  const totals = new Totals();
  const stage = options.theory && stageOf(run, options.theory, events);
  const manifest = manifestOf(run, options.maker);
  try {
    events.planned(run);
    await store.writeManifest(manifest);
    for (const { hash } of untried(run)) stage?.add(hash);
    return await watched(run, async live => {
      live.say({ say: 'begin', packs: plan.packs.length, workers: 0 });
      const say = (line: string) => {
        live.say({ say: 'note', line });
        events.say(line);
      };
      let stood = '';
      const adapter = options.sameAdapter ? await oneAdapter(redis, run, say) : null;
      const done = new Set(plan.finished);
      const collector = new Collector(
        redis,
        plan.cells.filter(({ hash }) => !done.has(hash)),
        { ...options, engine: ENGINE_HASH, version: options.maker.version, adapter },
        {
          say,
          standing(standing) {
            const { waiting, active, failed, secondsLeft } = standing;
            const workers = standing.workers.map(note => liveWorkerSchema.parse(note));
            const now = { waiting, active, failed, workers, secondsLeft };
            if (JSON.stringify(now) !== stood) live.say({ say: 'queue', ...now });
            stood = JSON.stringify(now);
            events.standing(standing);
          },
          progress(pack, cells, { cells: _, tested, ...progress }) {
            live.packed(pack, cells);
            live.progressed({ pack, ...progress });
            for (const length of tested) live.say({ say: 'tested', pack, ...length });
          },
          left: pack => live.left(pack),
          lost: ({ cells, reason }) => live.say({ say: 'lost', cells, reason }),
          async keep(cell, { outcome, curve, adapter, version, seconds, ...trained }) {
            totals.add({ ...trained, adapter }, { version });
            const points = curve.map(([step, loss]) => ({ step, loss }));
            await keepCell(run, cell, { outcome, adapter, driver: version, curve: points, seconds }, stage);
          },
        },
      );
      const failed = await collector.run();
      await stage?.drain();
      await writeModelIndex(folder, linesOf(run));
      await store.writeManifest(endedManifest(manifest, run, totals));
      const seconds = (performance.now() - began) / 1000;
      return { experiment, folder, plan, lines: linesOf(run), totals, seconds, failed };
    });
  } finally {
    await stage?.close();
    await run.close(true);
  }
}

/** The kind of adapter that a sweep is to stay on: of its cells so far, else of most workers; waits for a first one. */
async function oneAdapter(redis: Redis, { store }: OpenRun, say: (line: string) => void): Promise<string> {
  const kinds = [...new Set(store.cells.map(({ adapter }) => adapter))];
  if (kinds.length > 1) {
    throw new InputError(
      `--same-adapter: finished cells of this run are of ${kinds.length} kinds of adapter (${kinds.join('; ')})`,
      'Leave it out, or start over with --fresh.',
    );
  }
  if (kinds[0] !== undefined) return kinds[0];
  for (let looked = 0; ; looked++) {
    const workers = (await liveWorkers(redis)).filter(({ engine }) => engine === ENGINE_HASH);
    const votes = new Map<string, number>();
    for (const { adapter } of workers) votes.set(adapter, (votes.get(adapter) ?? 0) + 1);
    const [most] = [...votes].sort((a, b) => b[1] - a[1]);
    if (most) {
      say(`every cell is to be trained on ${most[0]} (${most[1]} of ${workers.length} workers)`);
      return most[0];
    }
    if (looked === 0) say('--same-adapter: waiting for a first worker, whose kind of adapter it will be');
    await new Promise(resolve => setTimeout(resolve, LOOK_MS));
  }
}
