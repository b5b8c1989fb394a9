import Table from 'cli-table3';
import { type WorstRatio, worstRatios } from '../analysis/worst-ratio.ts';
import { linearTimeForward } from '../reference/linear-time.ts';
import { intervalText, numberText } from '../report/names.ts';
import { labelOf } from '../results/axes.ts';
import { modelFileOf, type Run, readRuns } from '../results/runs.ts';
import { type WorstCase, writeWorstCase } from '../results/worst-case.ts';
import { DeviceEvaluator } from '../runtime/evaluate.ts';
import type { Session } from '../runtime/session.ts';
import { InputError } from '../shared/errors.ts';
import { mostOf } from '../shared/extremes.ts';
import { attack } from '../simulation/attack.ts';
import { compact } from './compact.ts';
import { withEngine } from './machine.ts';
import { modelInContext } from './model-context.ts';
import { log, print, printJson } from './output.ts';
import type { SimulateOptions } from './simulate.ts';

/** The search: climbers, and strings that each tries in a round. */
export const [RESTARTS, TRIES] = [32, 4];

/**
 * `lengthwise simulate --results --adversary`: the worst ‖f(x) − f*(x)‖ that is found at one length beside the average one, of the models
 * of every run's longest training length. Written to `worst-case.json` in each run's folder.
 * @throws InputError where no run has a model with a known target
 */
export async function worstCases(folder: string, options: SimulateOptions): Promise<void> {
  const { runs } = await readRuns(folder);
  const found = await withEngine(options, 'simulate', log, async session => {
    const all = [];
    for (const run of runs) {
      const own = await worstOf(run, session, options);
      if (own.cells.length === 0) continue;
      await writeWorstCase(run.folder, own);
      all.push({ experiment: run.name, testLength: own.testLength, settings: worstRatios(run.cells, own) });
    }
    return all;
  });
  if (found.length === 0)
    throw new InputError(
      `${folder}: no model whose target is known`,
      'Targets of files, and of plug-ins that are not given with --task, are not.',
    );
  if (options.json) printJson({ worstCases: found });
  else
    for (const { experiment, testLength, settings } of found)
      print(tableText(experiment, testLength, settings));
}

/** The models of a run's longest training length, attacked one after the other. */
async function worstOf(run: Run, session: Session, options: SimulateOptions): Promise<WorstCase> {
  const { testLength, rounds, seed, adapter } = options;
  const lengthOf = (cell: Run['cells'][number]) => Number(cell.axes['train.length']);
  const longest = mostOf(run.cells.map(lengthOf));
  const chosen = run.cells.filter(cell => lengthOf(cell) === longest && cell.divergedAtStep === null);
  const found: WorstCase = { testLength, rounds, seed, cells: [] };
  for (const [i, { cell }] of chosen.entries()) {
    const { model, source, target } = await modelInContext(modelFileOf(run, cell), options);
    if (!target) continue;
    log(`  ${run.name}: model ${i + 1} of ${chosen.length}`);
    const device = new DeviceEvaluator(session, adapter, model);
    const { target: errors } = await attack(strings => device.evaluate(strings), model.config, {
      certified: undefined,
      exact: tokens => linearTimeForward(model, tokens),
      target,
      source,
      testLengths: [testLength],
      lengths: [],
      restarts: RESTARTS,
      rounds,
      tries: TRIES,
      seed,
    });
    const [{ worstError, randomRms, randomMax }] = errors as [(typeof errors)[number]];
    // Random strings are strings, too.
    found.cells.push({ cell, worst: Math.max(worstError, randomMax), rms: randomRms });
  }
  return found;
}

function tableText(experiment: string, testLength: number, settings: readonly WorstRatio[]): string {
  const table = new Table({
    head: [
      `${experiment}, T = ${testLength}`,
      'worst',
      'root mean square',
      'ratio',
      '95 % interval',
      'seeds',
    ],
    style: { head: [], border: [] },
  });
  for (const { axes, worst, rms, ratio, interval, seeds } of settings)
    table.push([
      labelOf(axes) || 'all',
      numberText(worst),
      numberText(rms),
      numberText(ratio),
      interval ? intervalText(interval) : '–',
      seeds,
    ]);
  return `The worst ‖f(x) − f*(x)‖ found, and the average one\n${compact(table)}`;
}
