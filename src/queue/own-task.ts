import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../shared/errors.ts';
import type { Pack } from '../shared/protocol.ts';
import { drawnTask, writtenIn } from '../tasks/device.ts';
import { taskAndKnobs } from '../tasks/written.ts';

/**
 * Sees that a pack from elsewhere would run nothing, here or on the device, that this build does not make itself of the task that it names.
 * @throws InputError when the task is a plug-in that is not here, or is written otherwise here
 */
export function checkOwnTask({ task, replicas }: Pick<Pack, 'task' | 'replicas'>): void {
  // Files are opened here by their hash, or are not here (data/makers.ts); on the device only lengthwise's own runs.
  if (task.source === 'host') return;
  for (const { knobs, deviceKnobs } of replicas) {
    const written = writtenIn(task, knobs);
    const same =
      isDeepStrictEqual(drawnTask(written, task.law.name), task) &&
      isDeepStrictEqual(taskAndKnobs(written).task.wgslKnobs(knobs), deviceKnobs);
    if (!same)
      throw new InputError(
        `its task ${task.name} is not the one that this worker has`,
        'Run the same build of lengthwise where the grid is submitted and here.',
      );
  }
}
