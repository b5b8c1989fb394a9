import { execFileSync } from 'node:child_process';

/** Process ids of the children of a process that run lengthwise's Dawn program. */
export function dawnChildren(parent: number): number[] {
  const table = execFileSync('ps', ['-e', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return table
    .split('\n')
    .map(line => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter(match => Number(match?.[2]) === parent && match![3]!.includes('dawn/engine.js'))
    .map(match => Number(match![1]));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
