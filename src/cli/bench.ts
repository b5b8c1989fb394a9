import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeChart } from '../bench/chart-files.ts';
import { openBenchDawn } from '../bench/dawn-client.ts';
import { IMPLEMENTATIONS } from '../bench/names.ts';
import { openBenchPage } from '../bench/page-client.ts';
import { type ProblemChoice, problemName, problemsOf } from '../bench/problems.ts';
import { type Problem, SUITES, type Suite } from '../bench/protocol.ts';
import { includedSchema, type Measurement, type Report, type Row, rowOf } from '../bench/rows.ts';
import { Runner } from '../bench/runner.ts';
import { chooseRuntime } from '../runtime/choose.ts';
import type { OwnRuntime } from '../runtime/session.ts';
import { adapterName } from '../shared/adapter.ts';
import { InputError, messageOf } from '../shared/errors.ts';
import { rooflineText, rowsText } from './bench-text.ts';
import { builtFolder, type MachineOptions, version } from './options.ts';
import { log, print, printJson } from './output.ts';
import { readUserJson } from './user-json.ts';

const INCLUDE_BYTES = 2 ** 26;
/** Measurements of `bench roofline`. */
const ROOFLINES = 3;

export interface BenchOptions extends MachineOptions {
  runtime: OwnRuntime | 'auto';
  lengths: number[] | undefined;
  dimensions: number[];
  heads: number[];
  direction: 'forward' | 'backward' | 'both';
  implementations: string[] | undefined;
  runs: number;
  /** Seconds that one call may take. */
  timeout: number;
  /** Files of `--json` output whose rows are laid beside ours. */
  include: string[];
  /** A chart: .svg or .html. */
  out: string | undefined;
  json: boolean;
}

/** `lengthwise bench`: kernels against peers in one page on one adapter. */
export async function bench(suite: Suite | 'roofline' | undefined, options: BenchOptions): Promise<void> {
  const suites = suite === 'roofline' ? [] : suite === undefined ? SUITES : [suite];
  const problems = problemsOf(choiceOf(suites, options));
  const chosen = implementationsOf(suites, options.implementations);
  const included = await includedRows(options.include);
  if (options.out !== undefined) await checkOut(options.out);
  const { adapter, port } = options;
  const workplace = { built: builtFolder(), port, onLog: log };
  const runtime =
    options.runtime === 'auto' ? (await chooseRuntime(adapter, workplace, version)).runtime : options.runtime;
  const open = runtime === 'dawn' ? openBenchDawn : openBenchPage;
  const runner = new Runner({
    open: () => open({ adapter, ...workplace }),
    adapter,
    runs: options.runs,
    timeoutMs: options.timeout * 1000,
    onLog: log,
  });
  try {
    const machine = await runner.machine();
    const name = adapterName(machine.adapter);
    log(`${name} in ${machine.version}`);
    const peaks = [await runner.roofline()];
    const done: { problem: Problem; measurements: Measurement[] }[] = [];
    for (const problem of problems) {
      log(problemName(problem));
      done.push({ problem, measurements: await runner.measure(problem, chosen(problem.suite)) });
    }
    // Between the first and the last of them a shared machine may have had another peak.
    while (peaks.length < (problems.length > 0 ? 2 : ROOFLINES)) peaks.push(await runner.roofline());
    // A peak is a peak: whatever else the machine did, the best moment counts.
    const peak = peaks.reduce((a, b) => (a.gflops >= b.gflops ? a : b));
    const rows = done.flatMap(({ problem, measurements }) =>
      measurements.map(measured => rowOf(problem, measured, peak, name)),
    );
    const report: Report = {
      adapter: machine.adapter,
      runtime,
      runtimeVersion: machine.version,
      peak,
      peaks,
      rows,
    };
    const shown = [...rows, ...included];
    if (options.json) printJson(report);
    else print(`${name} in ${machine.version}\n${rooflineText(peaks)}${rowsText(shown, peaks)}`);
    if (options.out !== undefined) {
      await writeChart(report, shown, options.out);
      log(`Chart: ${options.out}`);
    }
  } finally {
    await runner.close();
  }
}

/** Complains before anything is measured. @throws InputError for a file that could not be written, or of another kind. */
async function checkOut(file: string): Promise<void> {
  if (!/\.(svg|html)$/.test(file))
    throw new InputError(`--out ${file}: neither .svg nor .html`, 'The ending says what is drawn.');
  try {
    await access(dirname(file), constants.W_OK);
    if ((await stat(file).catch(() => undefined))?.isDirectory()) throw new Error('it is a folder');
  } catch (error) {
    throw new InputError(`--out: cannot write ${file} (${messageOf(error)})`, 'Choose another place.', {
      cause: error,
    });
  }
}

/** Rows of earlier or other benchmarks (another runtime's, or torch_baseline.py's). @throws InputError for what is no such file. */
async function includedRows(files: readonly string[]): Promise<Row[]> {
  const fix = 'Give the output of `lengthwise bench --json`.';
  const reports = await Promise.all(
    files.map(file => readUserJson(file, INCLUDE_BYTES, includedSchema, fix)),
  );
  return reports.flatMap(({ rows }) => rows);
}

function choiceOf(suites: readonly Suite[], options: BenchOptions): ProblemChoice {
  const { lengths, dimensions, heads, direction } = options;
  const odd = dimensions.find(D => D % 4 !== 0);
  if (odd !== undefined)
    throw new InputError(
      `--dimensions: ${odd} is not a multiple of 4`,
      'Kernels read four floats at a time.',
    );
  return {
    suites,
    lengths,
    dimensions,
    heads,
    directions: direction === 'both' ? ['forward', 'backward'] : [direction],
  };
}

/** What to run in a suite. @throws InputError for an implementation that none of the suites has. */
function implementationsOf(
  suites: readonly Suite[],
  wanted: readonly string[] | undefined,
): (suite: Suite) => readonly string[] {
  if (!wanted) return suite => IMPLEMENTATIONS[suite];
  const known: string[] = suites.flatMap(suite => [...IMPLEMENTATIONS[suite]]);
  const unknown = wanted.find(name => !known.includes(name));
  if (unknown !== undefined)
    throw new InputError(
      `--implementations: no ${unknown} in ${suites.join(', ') || 'roofline'}`,
      `There are ${[...new Set(known)].join(', ')}.`,
    );
  return suite => IMPLEMENTATIONS[suite].filter(name => wanted.includes(name));
}
