import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { version } from '../../package.json';
import { type Experiment, loadExperiment, parseExperiment } from '../config/experiment.ts';
import { type Plan, planExperiment } from '../plan/plan.ts';
import { type OwnRuntime, openSession, type Progress, RUNTIMES } from '../runtime/session.ts';
import type { Driver } from '../runtime/vulkan.ts';
import { InputError, LengthwiseError, MachineError } from '../shared/errors.ts';
import type { AdapterPreference } from '../shared/protocol.ts';
import { type Outcome, runSweep, type SweepEvents } from '../sweep/sweep.ts';
import { theoryThreads } from '../sweep/theory-threads.ts';

export type { AdapterPreference, Experiment, Outcome, OwnRuntime, Plan, Progress };
export {
  InputError,
  LengthwiseError,
  loadExperiment,
  MachineError,
  parseExperiment,
  planExperiment,
  RUNTIMES,
};

export interface RunOptions {
  /** Results go to `<out>/<experiment>/<run>/`; `results` unless given. */
  out?: string;
  /** `chrome` unless given. */
  runtime?: OwnRuntime;
  adapter?: AdapterPreference;
  /** Packs trained at the same time, each by an engine of its own. */
  workers?: number;
  /** Whether cells get their theory, in threads beside training; true unless given. */
  theory?: boolean;
  /** Deletes what an earlier run of this grid left. */
  fresh?: boolean;
  /** What the run tells on its way; nothing is printed. */
  events?: Partial<SweepEvents>;
}

/** The folder that the build wrote: this file lies in its `library`. */
const BUILT = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Plans, trains, evaluates and stores a grid, as `lengthwise run` does. Finished cells are not trained again, and what was interrupted goes
 * on from its checkpoints.
 * @throws InputError when a cell is impossible or the run's folder cannot be used, MachineError when an engine cannot go on.
 */
export function runExperiment(experiment: Experiment, options: RunOptions = {}): Promise<Outcome> {
  const { out = 'results', runtime = 'chrome', adapter = 'auto', workers = 1, fresh = false } = options;
  const { theory = true, events = {} } = options;
  const say = events.say ?? (() => {});
  /** The driver that served: another one gives other bits. */
  let driver: Driver | undefined;
  return runSweep(
    experiment,
    {
      ...{ out, fresh, workers, adapter },
      theory: theory ? theoryThreads(join(BUILT, 'cli', 'theory-worker.js')) : undefined,
      maker: { command: 'lengthwise/runner', version },
      async open() {
        const session = await openSession({
          ...{ runtime, adapter, built: BUILT, onLog: say },
          ...(driver ? { driver } : {}),
        });
        driver ??= session.driver;
        return session;
      },
    },
    {
      say,
      planned: events.planned ?? (() => {}),
      begun: events.begun ?? (() => {}),
      progress: events.progress ?? (() => {}),
      theory: events.theory ?? (() => {}),
    },
  );
}
