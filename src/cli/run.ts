import { join } from 'node:path';
import { Baselines } from '../analysis/baseline.ts';
import { loadExperiment } from '../config/experiment.ts';
import { packSeconds } from '../plan/estimate.ts';
import type { Shard } from '../plan/shard.ts';
import { Trace } from '../results/trace.ts';
import { adapterName } from '../shared/adapter.ts';
import { InputError } from '../shared/errors.ts';
import { divergedOf, summaryOf } from '../sweep/summary.ts';
import { type Outcome, runSweep } from '../sweep/sweep.ts';
import { type TheoryThreads, theoryThreads } from '../sweep/theory-threads.ts';
import type { Totals } from '../sweep/totals.ts';
import { isPlugIn } from '../tasks/written.ts';
import { accuracySummary } from './accuracy-text.ts';
import { answerText, remarksText } from './answer.ts';
import { Engines } from './machine.ts';
import { builtFolder, type MachineOptions, typedCommand, version } from './options.ts';
import { log, print, printJson } from './output.ts';
import { checkProfilePath, saveProfile } from './profile.ts';
import { RunProgress } from './progress.ts';
import { lengthSummary, plateauCharts, summaryText, theorySummary } from './summary.ts';

export interface RunOptions extends MachineOptions {
  set: string[];
  size?: string;
  out: string;
  workers: number;
  fresh: boolean;
  /** The part of the grid to run, where several machines share it. */
  shard?: Shard;
  /** False: left for later. */
  theory: boolean;
  /** Where the profile goes, or true for the run's folder. */
  profile?: string | true;
  /** Print charts and theory, too. */
  details: boolean;
  /** Whether the live page is served beside, and where. */
  dashboard: boolean;
  dashboardPort: number;
  json: boolean;
}

/** `lengthwise run`: plans, trains and evaluates the grid, and prints the verdict. Finished cells are not run again. */
export async function run(file: string, options: RunOptions): Promise<void> {
  if (options.port !== 0 && options.workers > 1 && options.runtime !== 'tab') {
    throw new InputError(
      '--port: one port cannot serve several workers',
      'Leave --port out, or use --workers 1.',
    );
  }
  const experiment = await loadExperiment(file, options.set, options.size);
  if (typeof options.profile === 'string') await checkProfilePath(options.profile);
  const trace = options.profile === undefined ? undefined : new Trace();
  const progress = new RunProgress();
  const { out, fresh, workers, adapter, shard } = options;
  const threads = options.theory ? theoryThreads(join(builtFolder(), 'cli', 'theory-worker.js')) : undefined;
  const engines = new Engines(options, experiment.name, line => progress.say(line), {
    profile: trace !== undefined,
    checked: isPlugIn(experiment.content.task),
  });
  const page = options.dashboard ? await besides(out, options.dashboardPort) : undefined;
  try {
    const outcome = await runSweep(
      experiment,
      {
        ...{ out, fresh, workers, adapter, shard, trace },
        theory: threads && trace ? timed(threads, trace) : threads,
        maker: { command: typedCommand(), version },
        open: () => (trace ? trace.during('start the engine', () => engines.open()) : engines.open()),
      },
      {
        say: line => progress.say(line),
        planned({ plan }) {
          if (trace && plan.packs.length === 0) {
            throw new InputError(
              '--profile: every cell is already finished, so there is nothing to time',
              'Name a new folder with --out, or start over with --fresh.',
            );
          }
          progress.begin(
            plan.packs.map(({ pack, cells }) => ({
              steps: pack.steps,
              cells: cells.length,
              seconds: packSeconds(pack),
            })),
            threads?.atOnce ?? 0,
          );
        },
        begun({ plan, folder }) {
          const already = plan.finished.length;
          const known = already > 0 ? `, ${already} already finished` : '';
          progress.say(`${experiment.name}: ${plan.cells.length} cells${known}, results in ${folder}`);
        },
        progress: (pack, event) => progress.update(pack, event),
        theory: (done, asked) => progress.theory(done, asked),
      },
    );
    progress.stop();
    if (trace)
      await saveProfile(
        typeof options.profile === 'string' ? options.profile : join(outcome.folder, 'profile.json'),
        trace,
      );
    if (options.json) printJson(summaryOf(outcome));
    else printSummary(outcome, options.details);
  } finally {
    progress.stop();
    await engines.close();
    await page?.close();
  }
}

/** The live page over a folder of results, its link said. */
export async function besides(out: string, port: number): Promise<{ close(): Promise<void> }> {
  const { watchResults } = await import('./dashboard.ts');
  const page = await watchResults([out], { port });
  log(`Dashboard: ${page.url}`);
  return page;
}

/** Threads whose work shows in the trace. */
function timed(threads: TheoryThreads, trace: Trace): TheoryThreads {
  return {
    ...threads,
    compute: task => trace.during('theory of a cell', () => threads.compute(task)),
  };
}

/** What training got through; labels beside sequences where they are not one to one. */
function ratesText({ sequences, labels, trainSeconds }: Totals): string {
  const rate = (count: number, what: string) =>
    `${Math.round(count / trainSeconds).toLocaleString('en')} ${what}/s`;
  return [rate(sequences, 'sequences'), ...(labels === sequences ? [] : [rate(labels, 'labels')])].join(', ');
}

/** The answer, and what it rests on; with `details` also charts and what the theory says of the trained weights. */
export function printSummary(outcome: Outcome, details: boolean): void {
  const { experiment, folder, plan, lines, totals, seconds } = outcome;
  const { epsilon } = experiment.content;
  const baselines = new Baselines(plan.cells);
  print(`\n${answerText(lines, epsilon)}\n\n${summaryText(lines, baselines)}\n`);
  const accuracy = accuracySummary(lines);
  if (accuracy) print(`${accuracy}\n`);
  if (details) {
    for (const text of [plateauCharts(lines), theorySummary(lines), lengthSummary(lines, epsilon)])
      if (text) print(`${text}\n`);
  }
  for (const remark of remarksText(lines, baselines)) print(remark);
  const diverged = divergedOf(outcome);
  if (diverged > 0)
    print(`${diverged} of ${lines.length} cells diverged: kept in cells.jsonl, left out of the means above.`);
  const bare = lines.filter(line => line.theory === undefined).length;
  if (bare > 0)
    print(
      `${bare} of ${lines.length} cells have no theory; \`lengthwise theory --results ${folder}\` adds it.`,
    );
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
  if (!details)
    print(
      'More: the same command with --details (charts, bounds), or `lengthwise report` (a page with figures).',
    );
}
