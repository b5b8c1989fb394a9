import { parentPort, workerData } from 'node:worker_threads';
import { LengthwiseError, messageOf } from '../shared/errors.ts';
import { OutOfTime } from '../tasks/plug-in/in-time.ts';
import { taskOfCode } from '../tasks/plug-in/load.ts';
import type { PlugInCode } from '../tasks/plug-in/loaded.ts';
import { type Draws, drawRecords, type Records } from './draw.ts';

/** What a thread answers to draws. */
export type DrawAnswer = Records | { failed: { message: string; fix?: string | undefined } };

/** What a thread is started with. */
export interface DrawThread {
  code: PlugInCode;
  /** How long sequences of together some 2^16 tokens may take. */
  patienceMs: number;
}

/** A thread that draws the sequences of a plug-in, those that it is asked for at a time. */
const { code, patienceMs } = workerData as DrawThread;
const task = taskOfCode(code);

parentPort!.on('message', (draws: Draws) => {
  task
    .then(own => answer(drawRecords(own, draws, patienceMs)))
    .catch(error => answer({ failed: failureOf(error) }));
});

function answer(message: DrawAnswer): void {
  parentPort!.postMessage(
    message,
    'failed' in message ? [] : [message.starts.buffer, message.records.buffer],
  );
}

function failureOf(error: unknown): { message: string; fix?: string | undefined } {
  if (error instanceof LengthwiseError) return { message: error.message, fix: error.fix };
  const what = error instanceof OutOfTime ? `drawing a sequence ${error.message}` : messageOf(error);
  return { message: `${code.file}: ${what}` };
}
