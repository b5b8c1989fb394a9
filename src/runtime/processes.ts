import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Ends a process that leads a group, and every process of the group, stopped ones too; nothing when there is none. */
export function killGroup(leader: number): void {
  if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(leader), '/T', '/F']);
  else kill(-leader);
}

/** Kills every process that was started with this argument. Linux only: elsewhere none is found. */
export function killStartedWith(argument: string): void {
  for (const pid of pidsOf(argument)) kill(pid);
}

/**
 * When a process started, in ticks since the machine did: with its id it names a process for good, as ids are used again.
 * Undefined when there is no such process; 0 where the system (not Linux) does not say.
 */
export function startOf(pid: number): number | undefined {
  if (process.platform !== 'linux') return isAlive(pid) ? 0 : undefined;
  try {
    // The name in parentheses may hold anything; what follows it is counted from field 3. Field 22 is the start.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? undefined : Number(fields[22 - 3]);
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function pidsOf(argument: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument);
      } catch {
        return false;
      }
    })
    .map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
