import { InputError } from '../../shared/errors.ts';
import type { Task } from '../task.ts';

/** Plug-ins by the hash of their source: whoever writes a cell's task names that source, so nothing else can stand for it. */
const loaded = new Map<string, Task>();

/** Keeps a plug-in for whoever names its source. */
export function keepPlugIn(source: string, task: Task): void {
  loaded.set(source, task);
}

export function isLoaded(source: string): boolean {
  return loaded.has(source);
}

/** @throws InputError when no plug-in of that source was loaded */
export function plugInOf(kind: string, source: string): Task {
  const task = loaded.get(source);
  if (task) return task;
  throw new InputError(
    `the task ${kind} is a plug-in whose source ${source} is not here`,
    `Name the file that it was with --task, unchanged.`,
  );
}
