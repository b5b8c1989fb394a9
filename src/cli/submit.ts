import { join } from 'node:path';
import { loadExperiment } from '../config/experiment.ts';
import { addressOf } from '../queue/address.ts';
import type { Standing } from '../queue/collector.ts';
import { connectRedis } from '../queue/connection.ts';
import { submitSweep } from '../queue/submit.ts';
import { MachineError } from '../shared/errors.ts';
import { summaryOf } from '../sweep/summary.ts';
import { theoryThreads } from '../sweep/theory-threads.ts';
import { builtFolder, typedCommand, version } from './options.ts';
import { log, printJson } from './output.ts';
import { besides, printSummary } from './run.ts';

export interface SubmitCommandOptions {
  queue?: string;
  set: string[];
  size?: string;
  out: string;
  fresh: boolean;
  theory: boolean;
  packMinutes: number;
  sameAdapter: boolean;
  retry: boolean;
  details: boolean;
  /** Whether the live page is served beside, and where. */
  dashboard: boolean;
  dashboardPort: number;
  json: boolean;
}

/** Time between two lines of progress. */
const LINE_MS = 5000;

/** `lengthwise submit`: queues what is missing of a grid and collects what workers make of it. */
export async function submit(file: string, options: SubmitCommandOptions): Promise<void> {
  const address = addressOf(options.queue);
  const experiment = await loadExperiment(file, options.set, options.size);
  const redis = await connectRedis(address, log);
  const threads = options.theory ? theoryThreads(join(builtFolder(), 'cli', 'theory-worker.js')) : undefined;
  const page = options.dashboard ? await besides(options.out, options.dashboardPort) : undefined;
  let told = 0;
  try {
    const outcome = await submitSweep(
      redis,
      experiment,
      { ...options, adapter: 'auto', theory: threads, maker: { command: typedCommand(), version } },
      {
        say: log,
        planned({ plan, folder }) {
          const already = plan.finished.length;
          const known = already > 0 ? `, ${already} already finished` : '';
          log(`${experiment.name}: ${plan.cells.length} cells${known}, results in ${folder}`);
        },
        theory: () => {},
        standing(standing) {
          if (performance.now() - told < LINE_MS) return;
          told = performance.now();
          log(standingText(standing));
        },
      },
    );
    const { failed } = outcome;
    if (options.json) printJson({ ...summaryOf(outcome), failedJobs: failed });
    else printSummary(outcome, options.details);
    if (failed.length > 0) {
      throw new MachineError(
        `${failed.length} jobs failed, the first because of: ${failed[0]!.reason}`,
        'submit --retry puts them back into the queue.',
      );
    }
  } finally {
    await page?.close();
    redis.disconnect();
  }
}

function standingText({ collected, cells, inWork, waiting, active, failed, ...standing }: Standing): string {
  const { workers, secondsLeft } = standing;
  const left = secondsLeft === null ? '-' : `${Math.ceil(secondsLeft)} s`;
  const jobs = `jobs: ${waiting} waiting, ${active} active, ${failed} failed`;
  const more = inWork > 0 ? ` and ${inWork.toFixed(1)} in work` : '';
  return `  ${collected}/${cells} cells${more}, ${jobs}; ${workers.length} workers, ETA ${left}`;
}
