import { openBenchPage } from '../bench/page-client.ts';
import { IMPLEMENTATIONS } from '../bench/names.ts';
import { type ProblemChoice, problemName, problemsOf, SUITES } from '../bench/problems.ts';
import type { Suite } from '../bench/protocol.ts';
import { type Report, type Row, rowOf } from '../bench/rows.ts';
import { Runner } from '../bench/runner.ts';
import { adapterName } from '../shared/adapter.ts';
import { InputError } from '../shared/errors.ts';
import { rooflineText, rowsText } from './bench-text.ts';
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
    const roofline = await runner.roofline();
    const { peak } = roofline;
    if (!options.json) print(`${name} in ${machine.version}\n${rooflineText(roofline)}`);
    const rows: Row[] = [];
    for (const problem of problems) {
      log(problemName(problem));
      const measured = await runner.measure(problem, chosen[problem.suite]);
      const fresh = measured.map(measurement => rowOf(problem, measurement, peak, name));
      if (!options.json) print(rowsText(fresh));
      rows.push(...fresh);
    }
    const report: Report = {
      adapter: machine.adapter,
      runtime: options.runtime,
      runtimeVersion: machine.version,
      peak,
      rows,
    };
    if (options.json) printJson(report);
  } finally {
    await runner.close();
  }
}

function choiceOf(suites: readonly Suite[], options: BenchOptions): ProblemChoice {
  const { lengths, dimensions, heads, direction } = options;
  const odd = dimensions.find(D => D % 4 !== 0);
  if (odd !== undefined)
    throw new InputError(`--dimensions: ${odd} is not a multiple of 4`, 'Kernels read four floats at a time.');
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
