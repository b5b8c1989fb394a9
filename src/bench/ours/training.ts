import type { Device } from '../../engine/device.ts';
import { submit } from '../../engine/dispatch.ts';
import { Memory } from '../../engine/memory.ts';
import { prepareTraining, type Training } from '../../engine/train.ts';
import type { Pack } from '../../shared/protocol.ts';
import type { Stepper } from '../stepper.ts';

/** Trains a pack as `lengthwise run` does: data drawn on the device, a call's steps in one submission, losses read back at its end. */
export function stepper(pack: Pack, device: Device): Stepper {
  const memory = new Memory(device);
  const replicas = pack.replicas.length;
  let training: Training | undefined;
  let done = 0;
  return {
    async take(steps) {
      training ??= await prepareTraining(memory, memory, pack);
      submit(device.gpu, training.step, steps);
      const losses = new Float32Array(await memory.read(training.ring));
      const slots = losses.length / replicas;
      const first = done;
      done += steps;
      return Float32Array.from({ length: steps }, (_, k) => losses[((first + k) % slots) * replicas]!);
    },
    dispose: () => memory.destroy(),
  };
}
