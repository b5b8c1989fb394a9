import { Baselines } from '../../../src/analysis/baseline.ts';
import { summaryText, theorySummary } from '../../../src/cli/summary.ts';
import { findingsOf } from '../../../src/cli/verify.ts';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { writeReport } from '../../../src/report/report.ts';
import { linesOf, openRun } from '../../../src/sweep/open-run.ts';

/**
 * Goes through a large finished run: `many-read <text of the experiment> <results> [report]`, with a report only that. Says what it found,
 * time and memory.
 */
const [text, out, report] = process.argv.slice(2) as [string, string, string | undefined];
const seconds: Record<string, number> = {};
async function timed<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  seconds[name] = (user + system) / 1e6;
  return result;
}
const found: Record<string, number> = {};
if (report === undefined) {
  const experiment = parseExperiment(text, 'many.yaml');
  const place = { out, fresh: false, adapter: 'auto', shard: undefined } as const;
  // The first to open it makes the index.
  await (await openRun(experiment, place, () => {})).close(true);
  const run = await timed('resume', () => openRun(experiment, place, () => {}));
  await timed('summary', () => {
    const lines = linesOf(run);
    return [summaryText(lines, new Baselines(run.plan.cells)), theorySummary(lines)];
  });
  found.cells = run.plan.finished.length;
  found.open = run.plan.packs.length;
  await run.close(true);
} else {
  const { runs, claims, required } = await timed('verify', () => findingsOf(out));
  const studies = runs.map((run, i) => ({
    run,
    lengths: required[i]!.lengths,
    exponents: required[i]!.exponents,
    errors: required[i]!.errors,
  }));
  found.claims = claims.length;
  await timed('report', () => writeReport({ studies, claims, missing: [] }, report));
}
process.stdout.write(JSON.stringify({ found, seconds, maxMiB: process.resourceUsage().maxRSS / 1024 }));
process.exit();
