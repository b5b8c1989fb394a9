import { resolve } from 'node:path';
import { ask } from '../runtime/ask.ts';
import { adapterName } from '../shared/adapter.ts';
import { InputError } from '../shared/errors.ts';
import { isDrawnOnDevice } from '../tasks/device.ts';
import { checkRepeats, checkTwins, drawn, type TwinCheck } from '../tasks/plug-in/check.ts';
import { loadPlugIn, plugInFile } from '../tasks/plug-in/load.ts';
import type { Task } from '../tasks/task.ts';
import { taskWritten } from '../tasks/written.ts';
import { withEngine } from './machine.ts';
import type { MachineOptions } from './options.ts';
import { log, print, printJson } from './output.ts';

/** Sequences that are drawn for the eye. */
const SHOWN = 10;

/**
 * `lengthwise check-task`: computes a plug-in's examples, draws sequences twice, holds its WGSL, where it has any, to its TypeScript on a
 * device, and shows some sequences.
 * @throws InputError when it is no task, draws otherwise the second time, or the two differ
 */
export async function checkTask(module: string, options: MachineOptions & { json: boolean }): Promise<void> {
  const { file, source } = await loadPlugIn(plugInFile(module, '.') ?? resolve(module), module);
  const task = taskWritten({ kind: module, source });
  const changes = checkRepeats(task);
  if (changes)
    throw new InputError(
      `${file}: ${changes}`,
      'Draw from the stream that law.draw is given alone, and keep nothing from call to call.',
    );
  let adapter: string | null = null;
  const checks = isDrawnOnDevice(task)
    ? await withEngine(
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
      )
    : [];
  const sequences = drawn(task, SHOWN);
  const wrong = checks.find(({ difference }) => difference !== null);
  if (options.json)
    printJson({
      file,
      source,
      examples: task.examples.length,
      drawnOn: isDrawnOnDevice(task) ? 'device' : 'host',
      adapter,
      checks,
      passed: !wrong,
      drawn: sequences,
    });
  else print(textOf(file, task, checks, sequences, adapter));
  if (wrong)
    throw new InputError(
      `${file}: WGSL and TypeScript differ (${JSON.stringify(wrong.knobs)}, ${wrong.law}, ${wrong.positions} position): ${wrong.difference}`,
      'Mend the one that is wrong: the model is trained on the WGSL, and measured by both.',
    );
}

function textOf(
  file: string,
  task: Task,
  checks: readonly TwinCheck[],
  sequences: ReturnType<typeof drawn>,
  adapter: string | null,
): string {
  const agree = checks.every(({ difference }) => difference === null);
  return [
    `${file}: ${task.examples.length} examples are as they say.`,
    ...(isDrawnOnDevice(task) ? [] : [withoutWgsl(task)]),
    ...(agree && checks.length > 0 ? [agreement(checks, adapter)] : []),
    ...sequences.map(({ tokens, positions, targets }) => {
      const said = targets.map(target => (task.classes ? target.indexOf(1) : target.map(rounded).join(', ')));
      const many = said.map((target, i) => `${target} at ${positions[i]}`).join('; ');
      return `  ${tokens.join(' ')} → ${task.positions ? many : said[0]}`;
    }),
  ].join('\n');
}

const rounded = (x: number) => Number(x.toPrecision(6));

function withoutWgsl({ wgsl }: Task): string {
  return `${wgsl === '' ? 'It' : 'Its law'} has no WGSL: sequences are drawn in threads of this machine, and are the same when they are drawn again.`;
}

function agreement(checks: readonly TwinCheck[], adapter: string | null): string {
  const total = (of: (check: TwinCheck) => number) => checks.reduce((sum, check) => sum + of(check), 0);
  const worst = checks.reduce((most, check) => Math.max(most, check.worstError / check.allowed), 0);
  return `WGSL and TypeScript agree on ${total(({ sequences }) => sequences)} sequences, ${total(({ targets }) => targets)} targets: tokens bit by bit, targets to ${(100 * worst).toFixed(0)} % of what float32 allows (${adapter}).`;
}
