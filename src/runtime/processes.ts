import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Ends a process that leads a group, and every process of the group, stopped ones too; nothing when there is none. */
export function killGroup(leader: number): void {
  if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(leader), '/T', '/F']);
  else kill(-leader);
}

/** Kills every process that was started with this argument, with its group. Linux only: elsewhere none is found. */
export function killStartedWith(argument: string): void {
  for (const pid of pidsOf(argument)) {
    const group = Number(statOf(pid)?.[GROUP]);
    if (group > 0) killGroup(group);
  }
}

/**
 * When a process started, in ticks since the machine did: with its id it names a process for good, as ids are used again.
 * Undefined when there is no such process; 0 where the system (not Linux) does not say.
 */
export function startOf(pid: number): number | undefined {
  if (process.platform !== 'linux') return isAlive(pid) ? 0 : undefined;
  const stat = statOf(pid);
  return stat === undefined || stat[STATE] === 'Z' ? undefined : Number(stat[START]);
}

/** Places in what `statOf` gives, which proc(5) counts from 3. */
const [STATE, GROUP, START] = [3 - 3, 5 - 3, 22 - 3];

/** What Linux says of a process, after its name; undefined when there is none. */
function statOf(pid: number): string[] | undefined {
  try {
    // The name in parentheses may hold anything.
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
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
        // Chrome's own children write theirs anew, with blanks between.
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split(/[\0 ]/).includes(argument);
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
