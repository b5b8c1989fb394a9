import { InputError } from '../shared/errors.ts';
import { kGram } from './k-gram.ts';
import { modP } from './mod-p.ts';
import { simple } from './simple.ts';
import { SUITE } from './suite/registry.ts';
import type { Task } from './task.ts';

/** Every task lengthwise knows. A new task is one file and one line here. */
export const TASKS: readonly Task[] = [simple, modP, kGram, ...SUITE];

/** The task of a kind. Throws `InputError` when there is none. */
export function taskOf(kind: string): Task {
  const task = TASKS.find(t => t.kind === kind);
  if (!task) {
    throw new InputError(`unknown task "${kind}"`, `Choose one of: ${TASKS.map(t => t.kind).join(', ')}.`);
  }
  return task;
}
