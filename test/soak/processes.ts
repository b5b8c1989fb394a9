import { readdirSync, readFileSync } from 'node:fs';

/** A process, with what it was started with. */
export interface Process {
  pid: number;
  parent: number;
  arguments: string;
}

/** Every process of the machine that has not ended. Linux. */
function allProcesses(): Process[] {
  return readdirSync('/proc').flatMap(name => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (fields[0] === 'Z') return [];
      const text = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return [{ pid: Number(name), parent: Number(fields[1]), arguments: text }];
    } catch {
      return [];
    }
  });
}

/** Processes that descend from one, itself left out. */
export function descendants(root: number): Process[] {
  const all = allProcesses();
  const found = new Set([root]);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  found.delete(root);
  return all.filter(({ pid }) => found.has(pid));
}

/** Those of some processes that are still there, by id and what they were started with. */
export function survivors(processes: readonly Process[]): Process[] {
  const now = new Map(allProcesses().map(process => [process.pid, process.arguments]));
  return processes.filter(process => now.get(process.pid) === process.arguments);
}

/** Sends a signal to a process that may have ended. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
