import { summaryText, theorySummary } from '../../../src/cli/summary.ts';
import { verdictOn } from '../../../src/cli/verify.ts';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { writeReport } from '../../../src/report/report.ts';
import { linesOf, openRun } from '../../../src/sweep/open-run.ts';
import { baselinesOf } from '../../../src/sweep/summary.ts';

/** Goes through a large finished run: `many-read <text of the experiment> <results> <report>`. Says what it found, the time it took, and the memory. */
const [text, out, report] = process.argv.slice(2) as [string, string, string];
const seconds: Record<string, number> = {};
async function timed<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  seconds[name] = (user + system) / 1e6;
  return result;
}
const say = () => {};
const experiment = parseExperiment(text, 'many.yaml');
const place = { out, fresh: false, adapter: 'auto', shard: undefined } as const;
await (await openRun(experiment, place, say)).close(true);
const run = await timed('resume', () => openRun(experiment, place, say));
const { plan } = run;
const summary = await timed('summary', () => {
  const lines = linesOf(run);
  return [summaryText(lines, baselinesOf(plan.cells)), theorySummary(lines)].join('\n');
});
await run.close(true);
const verdict = await timed('verify', () => verdictOn(out));
const { runs, claims, required } = verdict;
const studies = runs.map((each, i) => ({
  run: each,
  lengths: required[i]!.lengths,
  exponents: required[i]!.exponents,
}));
const { files } = await timed('report', () => writeReport({ studies, claims, missing: [] }, report));
process.stdout.write(
  JSON.stringify({
    cells: plan.cells.length,
    open: plan.packs.length,
    summary: summary.length,
    claims: claims.length,
    files: files.length,
    seconds,
    maxMiB: process.resourceUsage().maxRSS / 1024,
  }),
);
process.exit();
