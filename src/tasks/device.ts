import type { DeviceTask } from '../shared/task.ts';
import { lawOf } from './laws/registry.ts';
import type { Knobs, Task } from './task.ts';
import { taskAndKnobs, type WrittenTask } from './written.ts';

/**
 * What a device needs to draw sequences of a law and to label them. `knobs` are those of any replica: what they decide here is equal in
 * all.
 */
export function deviceTask(task: Task, knobs: Knobs, law: string): DeviceTask {
  const { vocabulary, order } = task.shape(knobs);
  const { wgsl, scratchWords, shortest = 1, tokens = { each: 1, more: 0 } } = lawOf(law, task.law);
  return {
    source: 'device',
    name: task.kind,
    wgsl: task.wgsl,
    scratchWords: task.scratchWords?.(knobs) ?? 0,
    classes: task.classes ?? false,
    law: { name: law, wgsl, scratchWords: scratchWords(vocabulary, order), order, shortest, tokens },
  };
}

/** The same of the task that a cell writes. */
export function writtenDeviceTask(written: WrittenTask, law: string): DeviceTask {
  const { task, knobs } = taskAndKnobs(written);
  const { target, source } = written;
  return {
    ...deviceTask(task, knobs, law),
    ...(target === undefined ? {} : { target: target as string | string[] }),
    ...(source === undefined ? {} : { plugIn: source as string }),
  };
}

/** What `writtenDeviceTask` was made from. */
export function writtenIn({ name, target, plugIn }: DeviceTask, knobs: Knobs): WrittenTask {
  return {
    kind: name,
    ...(target === undefined ? {} : { target }),
    ...(plugIn === undefined ? {} : { source: plugIn }),
    ...knobs,
  };
}

/** The WGSL of a task and a law without comments, indentation and empty lines: what of them decides a cell's numbers on a device. */
export function deviceSource(task: Task, law: string): string {
  const lines = `${task.wgsl}\n${lawOf(law, task.law).wgsl}`
    .split('\n')
    .map(line => line.replace(/\/\/.*/, '').trim());
  return lines.filter(Boolean).join('\n');
}
