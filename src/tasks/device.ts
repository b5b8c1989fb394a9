import type { DeviceTask, DrawnTask, ThreadTask } from '../shared/task.ts';
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

/** Whether a task's sequences are drawn on a device: else, without the WGSL for it, they are in threads of the host. */
export function isDrawnOnDevice({
  wgsl,
  law,
}: {
  wgsl: string;
  law?: { wgsl: string } | undefined;
}): boolean {
  return wgsl !== '' && law?.wgsl !== '';
}

/** What a pack carries of a task that is drawn, as a cell writes it. */
export function drawnTask(written: WrittenTask, law: string): DrawnTask {
  const { task, knobs } = taskAndKnobs(written);
  const { target, source } = written;
  if (!isDrawnOnDevice(task)) return threadTask(task, knobs, law, source as string);
  return {
    ...deviceTask(task, knobs, law),
    ...(target === undefined ? {} : { target: target as string | string[] }),
    ...(source === undefined ? {} : { plugIn: source as string }),
  };
}

function threadTask(task: Task, knobs: Knobs, law: string, plugIn: string): ThreadTask {
  const { classes, name, law: own } = deviceTask(task, knobs, law);
  const { order, shortest, tokens } = own;
  return { source: 'threads', name, classes, plugIn, law: { name: own.name, order, shortest, tokens } };
}

/** What `drawnTask` was made from. */
export function writtenIn(task: DrawnTask, knobs: Knobs): WrittenTask {
  return {
    kind: task.name,
    ...(task.source === 'threads' || task.target === undefined ? {} : { target: task.target }),
    ...(task.plugIn === undefined ? {} : { source: task.plugIn }),
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
