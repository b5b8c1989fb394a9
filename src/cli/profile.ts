import { stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { KernelShare, Trace } from '../results/trace.ts';
import { InputError, MachineError, messageOf } from '../shared/errors.ts';
import { log } from './output.ts';

/** Kernels that the table names; the rest are summed up. */
const ROWS = 24;

/**
 * Checks where `--profile` is to write before anything is run.
 * @throws InputError when nothing can be written there.
 */
export async function checkProfilePath(path: string): Promise<void> {
  if (!path.endsWith('.json'))
    throw new InputError(`--profile ${path}: not a .json file`, 'Name a file such as profile.json.');
  const look = (at: string) => stat(at).catch(() => undefined);
  const there = await look(path);
  if (there?.isDirectory())
    throw new InputError(`--profile ${path}: that is a folder`, 'Name a file such as profile.json.');
  if (there && !there.isFile())
    throw new InputError(
      `--profile ${path}: that is a pipe or a device`,
      'Name a file such as profile.json.',
    );
  if (!(await look(dirname(path)))?.isDirectory())
    throw new InputError(`--profile ${path}: there is no folder ${dirname(path)}`, 'Create it first.');
}

/** Writes the trace, and says on stderr where it is and what the training step spent its time on. */
export async function saveProfile(path: string, trace: Trace): Promise<void> {
  try {
    await writeFile(path, JSON.stringify(trace.document()));
  } catch (error) {
    throw new MachineError(`${path} could not be written: ${messageOf(error)}`);
  }
  const shares = trace.shares();
  if (shares.length > 0) log(shareTable(shares));
  const [read, write] = [trace.secondsOf('read state'), trace.secondsOf('write checkpoints')];
  log(
    `Checkpoints: ${read.toFixed(2)} s of reading states, which training waits for, ${write.toFixed(2)} s of writing files beside it`,
  );
  log(`Profile: ${path} (opens in ui.perfetto.dev or chrome://tracing)`);
}

/** Share of a training step by kernel. */
export function shareTable(shares: readonly KernelShare[]): string {
  const line = (share: string, dispatches: string, microseconds: string, name: string) =>
    `${share.padStart(7)}${dispatches.padStart(12)}${microseconds.padStart(14)}  ${name}`;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const rest = shares.slice(ROWS);
  const sum = (of: (share: KernelShare) => number) => rest.reduce((total, each) => total + of(each), 0);
  return [
    line('share', 'dispatches', 'µs a dispatch', 'kernel of a training step'),
    ...shares
      .slice(0, ROWS)
      .map(({ share, dispatches, microseconds, name }) =>
        line(percent(share), dispatches.toFixed(0), microseconds.toFixed(0), name),
      ),
    ...(rest.length > 0
      ? [
          line(
            percent(sum(each => each.share)),
            sum(each => each.dispatches).toFixed(0),
            '',
            `${rest.length} others`,
          ),
        ]
      : []),
  ].join('\n');
}
