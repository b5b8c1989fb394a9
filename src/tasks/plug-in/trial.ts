import { Worker } from 'node:worker_threads';
import { InputError } from '../../shared/errors.ts';
import { PATIENCE_MS } from './in-time.ts';

/** What the thread does: whatever a plug-in may get wrong by itself. */
const SCRIPT = `
const { parentPort, workerData } = require('node:worker_threads');
import(workerData).then(({ default: task }) => {
  for (const { tokens, knobs } of task?.examples ?? []) {
    task.shape?.(knobs);
    task.refuse?.(knobs);
    task.targets?.(tokens, knobs, [tokens.length]);
  }
  parentPort.postMessage(null);
}).catch(error => parentPort.postMessage(String(error?.stack ?? error).split('\\n').slice(0, 1).join('')));
`;

/**
 * Loads a plug-in in a thread of its own and has it compute its examples.
 * @param url of its bundled code
 * @throws InputError when it throws, ends the thread, or does not come to an end
 */
export async function tryPlugIn(file: string, url: string, patienceMs = PATIENCE_MS): Promise<void> {
  const worker = new Worker(SCRIPT, { eval: true, workerData: url, stdout: true, stderr: true });
  let timer: NodeJS.Timeout | undefined;
  try {
    const problem = await new Promise<string | null>(resolve => {
      timer = setTimeout(() => resolve(`has not come to an end in ${patienceMs / 1000} s`), patienceMs);
      worker.once('message', resolve);
      worker.once('error', error => resolve(error.message));
      worker.once('exit', code => resolve(`ended its thread (exit code ${code})`));
    });
    if (problem !== null)
      throw new InputError(`${file}: ${problem}`, 'Nothing was run. `lengthwise check-task` shows more.');
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
