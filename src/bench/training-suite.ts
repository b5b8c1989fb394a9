import { referenceTrain } from '../reference/train.ts';
import type { Pack } from '../shared/protocol.ts';
import { type Load, type Posed, type Prepared, posed } from './contender.ts';
import type { ImplementationOf } from './names.ts';
import { stepper } from './ours/training.ts';
import { peerVersion } from './peer-versions.ts';
import type { TrainingProblem } from './protocol.ts';
import type { Stepper } from './stepper.ts';
import { trainingPack } from './training-pack.ts';

/** Adam magnifies rounding: where a gradient is near 0, its sign decides a whole step of a weight. */
const TOLERANCE = 1e-3;

/** Optimiser steps of a call: enough to be long beside a read-back. */
const STEPS = { 'one-layer': 4, 'two-layer': 1 };

/** What is held to float64 training: the losses of the first steps on smaller batches, which float64 loops can afford. */
const PROOF_BATCH = 4;
const PROOF_STEPS = 3;

async function prepare(
  problem: TrainingProblem,
  replicas: number,
  open: (pack: Pack) => Promise<Stepper>,
): Promise<Prepared> {
  const pack = trainingPack(problem, replicas);
  const timed = await open(pack);
  const steps = STEPS[problem.model];
  return {
    steps,
    sequences: steps * pack.batch * replicas,
    before: () => timed.draw?.(steps),
    run: async () => [await timed.take(steps)],
    async prove() {
      const small = await open(trainingPack(problem, replicas, PROOF_BATCH));
      try {
        small.draw?.(PROOF_STEPS);
        return [await small.take(PROOF_STEPS)];
      } finally {
        small.dispose();
      }
    },
    dispose: () => timed.dispose(),
  };
}

const ours =
  (replicas: number): Load<TrainingProblem> =>
  async () => ({
    version: peerVersion('lengthwise'),
    prepare: (problem, device) => prepare(problem, replicas, async pack => stepper(pack, device)),
  });

const CONTENDERS: Record<ImplementationOf<'training'>, Load<TrainingProblem>> = {
  'lengthwise/pack-of-8': ours(8),
  'lengthwise/one-model': ours(1),
  'jax-js': async () => {
    const { jaxStepper } = await import('./peers/jax-steps.ts');
    return {
      version: peerVersion('@jax-js/jax'),
      prepare: problem => prepare(problem, 1, jaxStepper),
    };
  },
};

export function poseTraining(problem: TrainingProblem): Posed {
  const { losses } = referenceTrain(trainingPack(problem, 1, PROOF_BATCH), 0, PROOF_STEPS);
  return posed(problem, [Float64Array.from(losses)], TOLERANCE, CONTENDERS);
}
