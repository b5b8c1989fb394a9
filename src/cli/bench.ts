import { IMPLEMENTATIONS } from '../bench/names.ts';
import { openBenchPage } from '../bench/page-client.ts';
import { type ProblemChoice, problemName, problemsOf, SUITES } from '../bench/problems.ts';
import type { Problem, Suite } from '../bench/protocol.ts';
import { type Measurement, type Report, rowOf } from '../bench/rows.ts';
import { Runner } from '../bench/runner.ts';
import { adapterName } from '../shared/adapter.ts';
import { InputError } from '../shared/errors.ts';
import type { Roofline } from '../shared/protocol.ts';
import { ratioLine, rooflineText, rowsText } from './bench-text.ts';
import { builtFolder, type MachineOptions } from './options.ts';
import { log, print, printJson } from './output.ts';

export interface BenchOptions extends MachineOptions {
  lengths: number[] | undefined;
  dimensions: number[];
  heads: number[];
  direction: 'forward' | 'backward' | 'both';
  implementations: string[] | undefined;
  runs: number;
  /** Seconds that one call may take. */
  timeout: number;
  json: boolean;
}

/** `lengthwise bench`: kernels against peers in one page on one adapter. */
export async function bench(suite: Suite | 'roofline' | undefined, options: BenchOptions): Promise<void> {
  const suites = suite === 'roofline' ? [] : suite === undefined ? SUITES : [suite];
  const problems = problemsOf(choiceOf(suites, options));
  const chosen = implementationsOf(suites, options.implementations);
  const { adapter, port } = options;
  const runner = new Runner({
    open: () => openBenchPage({ adapter, port, built: builtFolder(), onLog: log }),
    adapter,
    runs: options.runs,
    timeoutMs: options.timeout * 1000,
    onLog: log,
  });
  try {
    const machine = await runner.machine();
    const name = adapterName(machine.adapter);
    log(`${name} in ${machine.version}`);
    let peak = await runner.roofline();
    const done: { problem: Problem; measurements: Measurement[] }[] = [];
    for (const problem of problems) {
      log(problemName(problem));
      const measurements = await runner.measure(problem, chosen[problem.suite]);
      log(ratioLine(measurements.map(measured => rowOf(problem, measured, peak, name))));
      done.push({ problem, measurements });
    }
    // A peak is a peak: whatever else the machine did, the better of two moments counts.
    if (problems.length > 0) peak = better(peak, await runner.roofline());
    const rows = done.flatMap(({ problem, measurements }) =>
      measurements.map(measured => rowOf(problem, measured, peak, name)),
    );
    const report: Report = {
      adapter: machine.adapter,
      runtime: options.runtime,
      runtimeVersion: machine.version,
      peak,
      rows,
    };
    if (options.json) printJson(report);
    else print(`${name} in ${machine.version}\n${rooflineText(peak)}${rowsText(rows)}`);
  } finally {
    await runner.close();
  }
}

const better = (a: Roofline, b: Roofline) => (a.gflops >= b.gflops ? a : b);

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

/** What to run in each suite. */
function implementationsOf(
  suites: readonly Suite[],
  wanted: readonly string[] | undefined,
): Record<Suite, readonly string[]> {
  if (!wanted) return IMPLEMENTATIONS;
  const known = suites.flatMap(suite => IMPLEMENTATIONS[suite]);
  const unknown = wanted.find(name => !known.includes(name));
  if (unknown !== undefined)
    throw new InputError(
      `--implementations: no ${unknown} in ${suites.join(', ') || 'roofline'}`,
      `There are ${[...new Set(known)].join(', ')}.`,
    );
  const chosen = (suite: Suite) => IMPLEMENTATIONS[suite].filter(name => wanted.includes(name));
  return { attention: chosen('attention'), forward: chosen('forward'), training: chosen('training') };
}
