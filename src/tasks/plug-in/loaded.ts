import { InputError } from '../../shared/errors.ts';
import type { Task } from '../task.ts';

/** Where a plug-in's task comes from: enough to have it in another thread. Plain data. */
export interface PlugInCode {
  file: string;
  /** What the task is called. */
  kind: string;
  /** Of its bundled code. */
  url: string;
}

/** Plug-ins by the hash of their source: whoever writes a cell's task names that source, so nothing else can stand for it. */
const loaded = new Map<string, { task: Task; code: PlugInCode }>();

/** Keeps a plug-in for whoever names its source. */
export function keepPlugIn(source: string, task: Task, code: PlugInCode): void {
  loaded.set(source, { task, code });
}

export function isLoaded(source: string): boolean {
  return loaded.has(source);
}

/** @throws InputError when no plug-in of that source was loaded */
export function plugInOf(kind: string, source: string): { task: Task; code: PlugInCode } {
  const plugIn = loaded.get(source);
  if (plugIn) return plugIn;
  throw new InputError(
    `the task ${kind} is a plug-in whose source ${source} is not here`,
    `Name the file that it was with --task, unchanged.`,
  );
}
