import type { Pack } from '../../shared/protocol.ts';
import type { Stepper } from '../stepper.ts';
import { type Batch, openJaxTrainer } from './jax-training.ts';

/** The first model of a pack trained in jax-js. Its data is drawn before the clock starts; upload and read-back are timed. */
export async function jaxStepper(pack: Pack): Promise<Stepper> {
  const trainer = await openJaxTrainer(pack);
  let batches: Batch[] = [];
  let drawn = 0;
  return {
    draw(steps) {
      batches = Array.from({ length: steps }, () => trainer.draw(drawn++));
    },
    async take(steps) {
      const losses: number[] = [];
      for (const batch of batches.slice(0, steps)) losses.push(await trainer.step(batch));
      return losses;
    },
    dispose: () => trainer.dispose(),
  };
}
