import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Process } from './processes.ts';
import { signal } from './processes.ts';
import { Program } from './program.ts';
import type { Random, Tally } from './tally.ts';

export type Runtime = 'chrome' | 'dawn';

/** Time that a program which was told to stop may take, in milliseconds: five seconds, and a busy machine's share. */
const STOP_MS = 9000;
const POLL_MS = 200;
/** Faults of one sweep. */
const FAULTS = 4;
const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** A part of the engine by what its command line says. */
const PARTS: Record<string, (process: Process) => boolean> = {
  "Dawn's process": ({ arguments: text }) => text.includes('dawn/engine.js'),
  browser: ({ arguments: text }) => text.includes('--remote-debugging') && !text.includes('--type='),
  'GPU process': ({ arguments: text }) => text.includes('--type=gpu-process'),
  page: ({ arguments: text }) => text.includes('--type=renderer'),
};
const partsOf = (runtime: Runtime) =>
  runtime === 'dawn' ? ["Dawn's process"] : ['browser', 'GPU process', 'page'];

export const runArguments = (sweep: string, runtime: Runtime) => [
  ...['run', `${sweep}.yaml`, '--runtime', runtime, '--adapter', 'software', '--stall', '6'],
];

/** A part of the engine that a program runs at the moment. */
function engineOf(program: Program, part: string): Process | undefined {
  return program.children().find(PARTS[part]!);
}

/** Ends or stops a part of the engine that a program runs; false when it runs none at the moment. */
export function harmEngine(program: Program, runtime: Runtime, random: Random, tally: Tally): boolean {
  const part = random.pick(partsOf(runtime));
  const name = random.pick(['SIGKILL', 'SIGSTOP'] as const);
  const target = engineOf(program, part);
  if (!target || !signal(target.pid, name)) return false;
  tally.fault(`${name} ${part}`);
  return true;
}

/** `run`, disturbed, until it has finished. Returns the folder that it wrote. Throws when it does not behave. */
export async function localSweep(
  cwd: string,
  sweep: string,
  runtime: Runtime,
  random: Random,
  tally: Tally,
): Promise<string> {
  const out = join(cwd, `${sweep}-${runtime}-${tally.sweeps}`);
  const disk = random.pick(['plain', 'plain', 'plain', 'tmpfs'] as const);
  mkdirSync(out);
  const isSmall = disk === 'tmpfs' && mount(out, 'size=24k');
  if (isSmall) tally.fault('full disk (tmpfs)');
  try {
    if (isSmall) {
      await refusesFullDisk(new Program([...runArguments(sweep, runtime), '--out', out], cwd));
      mount(out, 'remount,size=64m');
    }
    for (let faults = 0; ; ) {
      const workers = random.pick(['1', '2']);
      const limit = faults < FAULTS && random.between(0, 1) < 0.15 ? 4 : undefined;
      const args = [...runArguments(sweep, runtime), '--out', out, '--workers', workers];
      const program = new Program(args, cwd, limit);
      try {
        if (limit !== undefined) {
          faults++;
          tally.fault('full disk (RLIMIT_FSIZE)');
          await refusesFullDisk(program, true);
          continue;
        }
        // Most faults strike a run that has come to train.
        const early = random.between(0, 1) < 0.2;
        while (!program.exit && faults < FAULTS) {
          if (!early && !engineOf(program, partsOf(runtime)[0]!)) {
            await program.wait(POLL_MS);
            continue;
          }
          await program.wait(random.between(200, 9000));
          if (program.exit) break;
          const how = random.pick(['engine', 'engine', 'node', 'signal'] as const);
          if (how === 'engine') {
            if (harmEngine(program, runtime, random, tally)) faults++;
            continue;
          }
          faults++;
          if (how === 'node') {
            tally.fault('SIGKILL node');
            program.signal('SIGKILL');
            await program.end(STOP_MS);
          } else {
            const name = random.pick(Object.keys(SIGNAL_CODES) as (keyof typeof SIGNAL_CODES)[]);
            tally.fault(`${name} node`);
            program.signal(name);
            const { code, signal: by } = await program.end(STOP_MS);
            // It may just have finished, or not have begun to listen.
            if (code !== SIGNAL_CODES[name] && code !== 0 && by !== name)
              throw new Error(`${name}: exit code ${code}\n${program.lastLines()}`);
          }
          await program.leavesNothing();
        }
        const { code, signal: by } = await program.end();
        if (code === 0) return out;
        // A run gives up where it is disturbed again and again without coming further, or at its very start; it goes on when it is run
        // again.
        const gaveUp = code === 1 && /was lost \d+ times|did not start|was not ready/.test(program.said);
        if (by === null && !gaveUp && !Object.values(SIGNAL_CODES).includes(code as never))
          throw new Error(`exit code ${code}\n${program.lastLines()}`);
      } finally {
        await program.destroy();
      }
    }
  } catch (error) {
    if (isSmall) unmount(out);
    throw error;
  }
}

/**
 * Either it is through, or it says what the disk refused, exit code 1. A limit on files is one of the browser's and of Dawn's process, too:
 * then it is they who do not start, or end.
 */
async function refusesFullDisk(program: Program, ofEngine = false): Promise<void> {
  try {
    const { code } = await program.end();
    if (code === 0) return;
    const refusal = ofEngine ? /^error: /m : /^error: .*(ENOSPC|no space|full)/im;
    if (code === 1 && refusal.test(program.said)) return;
    throw new Error(`full disk: exit code ${code}\n${program.lastLines()}`);
  } finally {
    await program.destroy();
  }
}

function mount(folder: string, options: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status === 0;
}

/** Nothing where there is no file system of its own. */
export function unmount(folder: string): void {
  spawnSync('umount', ['--lazy', folder]);
}
