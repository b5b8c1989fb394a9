import { resolve } from 'node:path';
import { ask } from '../runtime/ask.ts';
import { adapterName } from '../shared/adapter.ts';
import { InputError } from '../shared/errors.ts';
import { checkTwins, drawn, type TwinCheck } from '../tasks/plug-in/check.ts';
import { loadPlugIn, plugInFile } from '../tasks/plug-in/load.ts';
import { taskWritten } from '../tasks/written.ts';
import { withEngine } from './machine.ts';
import type { MachineOptions } from './options.ts';
import { log, print, printJson } from './output.ts';

/** Sequences that are drawn for the eye. */
const SHOWN = 10;

/**
 * `lengthwise check-task`: computes a plug-in's examples, holds its WGSL to its TypeScript on a device, and draws some sequences.
 * @throws InputError when it is no task, or the two differ
 */
export async function checkTask(module: string, options: MachineOptions & { json: boolean }): Promise<void> {
  const { file, source } = await loadPlugIn(plugInFile(module, '.') ?? resolve(module), module);
  const task = taskWritten({ kind: module, source });
  let adapter = '';
  const run = async (): Promise<TwinCheck[]> =>
    withEngine(
      options,
      `check ${module}`,
      log,
      session =>
        checkTwins(task, async asked => {
          const answer = await ask(session, 'sampled', { ...asked, adapter: options.adapter });
          adapter = adapterName(answer.adapter);
          return answer;
        }),
      { checked: true },
    );
  const checks = await run();
  const sequences = drawn(task, SHOWN);
  const wrong = checks.find(({ difference }) => difference !== null);
  if (options.json)
    printJson({
      file,
      source,
      examples: task.examples.length,
      adapter,
      checks,
      passed: !wrong,
      drawn: sequences,
    });
  else print(textOf(file, task.examples.length, checks, sequences, adapter));
  if (wrong)
    throw new InputError(
      `${file}: WGSL and TypeScript differ (${JSON.stringify(wrong.knobs)}, ${wrong.law}, ${wrong.positions} position): ${wrong.difference}`,
      'Mend the one that is wrong: the model is trained on the WGSL, and measured by both.',
    );
}

function textOf(
  file: string,
  examples: number,
  checks: readonly TwinCheck[],
  sequences: ReturnType<typeof drawn>,
  adapter: string,
): string {
  const total = (of: (check: TwinCheck) => number) => checks.reduce((sum, check) => sum + of(check), 0);
  const worst = checks.reduce((most, check) => Math.max(most, check.worstError / check.allowed), 0);
  const agree = checks.every(({ difference }) => difference === null);
  return [
    `${file}: ${examples} examples are as they say.`,
    ...(agree
      ? [
          `WGSL and TypeScript agree on ${total(({ sequences }) => sequences)} sequences, ${total(({ targets }) => targets)} targets: tokens bit by bit, targets to ${(100 * worst).toFixed(0)} % of what float32 allows (${adapter}).`,
        ]
      : []),
    ...sequences.map(
      ({ tokens, target }) =>
        `  ${tokens.join(' ')} → ${target.map(x => Number(x.toPrecision(6))).join(', ')}`,
    ),
  ].join('\n');
}
