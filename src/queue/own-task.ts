import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../shared/errors.ts';
import type { Pack } from '../shared/protocol.ts';
import { deviceTask } from '../tasks/device.ts';
import { taskOf } from '../tasks/registry.ts';

/**
 * Sees that a pack from elsewhere would run nothing on the device that this build does not make itself of the task that it names.
 * @throws InputError when the task is not here, or is written otherwise.
 */
export function checkOwnTask({ task, replicas }: Pick<Pack, 'task' | 'replicas'>): void {
  // What is made on the host is opened here by its hash, or is not here (data/makers.ts); on the device only lengthwise's own runs.
  if (task.source === 'host') return;
  const own = taskOf(task.name);
  for (const { knobs, deviceKnobs } of replicas) {
    const same =
      isDeepStrictEqual(deviceTask(own, knobs, task.law.name), task) &&
      isDeepStrictEqual(own.wgslKnobs(knobs), deviceKnobs);
    if (!same)
      throw new InputError(
        `its task ${task.name} is not the one that this worker has`,
        'Run the same build of lengthwise where the grid is submitted and here.',
      );
  }
}
