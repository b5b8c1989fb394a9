import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { z } from 'zod';

/** Whoever holds a lock: enough to tell it from any other process that has its number, then or later, here or elsewhere. */
export const ownerSchema = z.object({
  /** Name of the machine or container, with the machine's own identity where it has one. */
  host: z.string(),
  /** Changes whenever the machine starts; '' where it cannot be known. */
  boot: z.string(),
  pid: z.int().positive(),
  /** When the process began, as the system counts it; '' where it cannot be known. */
  started: z.string(),
  /** Distinguishes what one process asks for. */
  nonce: z.string(),
});
export type Owner = z.infer<typeof ownerSchema>;

/** This process, as an owner that nobody was before. */
export async function ownerHere(): Promise<Owner> {
  const [host, boot, started] = await Promise.all([hostHere(), bootHere(), startOf(process.pid)]);
  return { host, boot, pid: process.pid, started: started ?? '', nonce: randomBytes(8).toString('hex') };
}

/** Whether an owner still runs: `unknown` for one on another machine, which only that machine can tell. */
export async function stateOf(owner: Owner): Promise<'alive' | 'dead' | 'unknown'> {
  if (owner.host !== (await hostHere())) return 'unknown';
  // The same machine or container, started anew: all that ran in it is gone.
  if (owner.boot !== (await bootHere())) return 'dead';
  const started = await startOf(owner.pid);
  if (started === null) return 'dead';
  return owner.started === '' || started === '' || owner.started === started ? 'alive' : 'dead';
}

async function hostHere(): Promise<string> {
  const machine = await textOf('/etc/machine-id');
  return machine === '' ? hostname() : `${hostname()} (${machine.slice(0, 12)})`;
}

async function bootHere(): Promise<string> {
  if (process.platform === 'linux') return textOf('/proc/sys/kernel/random/boot_id');
  return process.platform === 'darwin' ? output('sysctl', '-n', 'kern.bootsessionuuid') : '';
}

/** Null: no such process, or only its entry in the table, which its parent has not taken out yet. '' where it cannot be known. */
async function startOf(pid: number): Promise<string | null> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return null;
  }
  if (process.platform === 'win32') return '';
  if (process.platform !== 'linux') return output('ps', '-o', 'lstart=', '-p', String(pid));
  const stat = await textOf(`/proc/${pid}/stat`);
  if (stat === '') return '';
  // The name, in parentheses, may hold anything; the state follows it, and the start is the 20th field from there.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return 'ZXx'.includes(fields[0]!) ? null : fields[19]!;
}

/** '' where there is no such file. */
async function textOf(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim();
}

async function output(program: string, ...args: string[]): Promise<string> {
  return promisify(execFile)(program, args).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
}
