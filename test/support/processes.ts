import { execFileSync } from 'node:child_process';

interface Process {
  pid: number;
  parent: number;
  group: number;
  command: string;
}

/** Everything that runs, what has ended and was not yet buried left out. */
export function processes(): Process[] {
  return execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,pgid=,stat=,args='], { encoding: 'utf8' })
    .split('\n')
    .flatMap(line => {
      const [, pid, parent, group, state, command] =
        /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
      if (pid === undefined || state!.startsWith('Z')) return [];
      return { pid: Number(pid), parent: Number(parent), group: Number(group), command: command! };
    });
}

/** Process ids of the children of a process. */
export function childrenOf(parent: number): number[] {
  return processes()
    .filter(each => each.parent === parent)
    .map(({ pid }) => pid);
}

/** Process ids of the children of a process that run lengthwise's Dawn program. */
export function dawnChildren(parent: number): number[] {
  return processes()
    .filter(each => each.parent === parent && each.command.includes('dawn/engine.js'))
    .map(({ pid }) => pid);
}

/** Process id of the browser that a process has started; it leads a group of its own. */
export function browserOf(parent: number): number {
  const found = processes().find(each => each.parent === parent && each.group === each.pid);
  if (!found) throw new Error(`process ${parent} has no browser`);
  return found.pid;
}

/** Profile folder of a browser. */
export function profileOf(browser: number): string {
  const { command } = processes().find(({ pid }) => pid === browser)!;
  return /--user-data-dir=(\S+)/.exec(command)![1]!;
}

/** Process ids of a group: of a browser, its GPU process and all others. */
export function groupOf(leader: number): number[] {
  return processes()
    .filter(({ group }) => group === leader)
    .map(({ pid }) => pid);
}

/** Process id of a browser's GPU process. */
export function gpuProcessOf(browser: number): number {
  const found = processes().find(
    ({ group, command }) => group === browser && command.includes('--type=gpu-process'),
  );
  if (!found) throw new Error(`browser ${browser} has no GPU process`);
  return found.pid;
}

/** Whether a process still runs: one that has ended and waits for its burial does not. */
export function isAlive(pid: number): boolean {
  return processes().some(each => each.pid === pid);
}
