import { EXPRESSION, expressionTask } from './expression/task.ts';
import { isLoaded, plugInOf } from './plug-in/loaded.ts';
import { KINDS, taskOf } from './registry.ts';
import type { Knobs, Task } from './task.ts';

/**
 * A task as an experiment, or a cell of one, writes it: its kind, its knobs, which are numbers or in an experiment lists of them, and what
 * else the kind takes.
 */
export interface WrittenTask {
  kind: string;
  /** What an expression task computes. */
  target?: unknown;
  /** Hash of a plug-in's source. */
  source?: unknown;
  [key: string]: unknown;
}

/** Names of the knobs of a task as it is written. */
export function knobNames(written: WrittenTask): string[] {
  return Object.keys(written).filter(key => [written[key]].flat().every(value => typeof value === 'number'));
}

/** Whether the task can be had: it is built in, a formula, or a plug-in that was loaded. */
export function isHere({ kind, source }: WrittenTask): boolean {
  return typeof source === 'string' ? isLoaded(source) : KINDS.includes(kind);
}

/** Whether a task is a plug-in: code, and WGSL, that lengthwise does not ship. */
export const isPlugIn = ({ source }: WrittenTask) => typeof source === 'string';

const expressions = new Map<string, Task>();

/**
 * The task that is written.
 * @throws InputError when there is none of that kind, an expression is none, or a plug-in is not here
 */
export function taskWritten(written: WrittenTask): Task {
  const { kind, target, source } = written;
  if (typeof source === 'string') return plugInOf(kind, source).task;
  if (kind !== EXPRESSION) return taskOf(kind);
  const names = knobNames(written).filter(name => name !== 'vocabulary');
  const key = JSON.stringify([target, names]);
  const task = expressions.get(key) ?? expressionTask(target as string | string[], names);
  expressions.set(key, task);
  return task;
}

/** The task of a cell, with its knobs. Throws as `taskWritten`. */
export function taskAndKnobs(written: WrittenTask): { task: Task; knobs: Knobs } {
  const knobs = knobNames(written).map(name => [name, written[name]]);
  return { task: taskWritten(written), knobs: Object.fromEntries(knobs) as Knobs };
}

/** The knobs that make a task harder; of a plug-in that is not here, all that it has. */
export function complexityOf(written: WrittenTask): readonly string[] {
  return isHere(written) ? taskWritten(written).complexity : knobNames(written);
}
