import { InputError } from '../shared/errors.ts';
import { EXPRESSION } from './expression/task.ts';
import { fileTask } from './file.ts';
import { kGram } from './k-gram.ts';
import { modP } from './mod-p.ts';
import { simple } from './simple.ts';
import { SUITE } from './suite/registry.ts';
import type { Task } from './task.ts';

/** Every task that lengthwise can draw. A new task is one file and one line here. */
export const TASKS: readonly Task[] = [simple, modP, kGram, ...SUITE];

/** Kinds of tasks that an experiment may name, besides plug-ins. */
export const KINDS: readonly string[] = [...TASKS.map(({ kind }) => kind), EXPRESSION, fileTask.kind];

/** The task of a kind. Throws `InputError` when there is none. */
export function taskOf(kind: string): Task {
  const task = [...TASKS, fileTask].find(t => t.kind === kind);
  if (!task) {
    throw new InputError(`unknown task "${kind}"`, `Choose one of: ${KINDS.join(', ')}.`);
  }
  return task;
}
