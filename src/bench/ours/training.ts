import type { Device } from '../../engine/device.ts';
import { submit } from '../../engine/dispatch.ts';
import { Memory } from '../../engine/memory.ts';
import { prepareTraining, type Training } from '../../engine/train.ts';
import type { Pack } from '../../shared/protocol.ts';
import type { Prepared } from '../contender.ts';

/**
 * Optimiser steps of a pack, `steps` a call, as `lengthwise run` takes them: data drawn on the device, one submission, losses read
 * back at its end. The results of a call are the batch losses of its steps, of the first replica.
 */
export async function prepareSteps(pack: Pack, steps: number, device: Device): Promise<Prepared> {
  const memory = new Memory(device);
  const replicas = pack.replicas.length;
  let training: Training | undefined;
  let done = 0;
  return {
    sequences: steps * pack.batch * replicas,
    steps,
    async run() {
      training ??= await prepareTraining(device, memory, memory, pack);
      submit(device.gpu, training.step, steps);
      const losses = new Float32Array(await memory.read(training.ring));
      const slots = losses.length / replicas;
      const first = done;
      done += steps;
      return [Float32Array.from({ length: steps }, (_, k) => losses[((first + k) % slots) * replicas]!)];
    },
    dispose: () => memory.destroy(),
  };
}
