import { referenceTrain } from '../reference/train.ts';
import { type Load, type Posed, posed } from './contender.ts';
import { prepareSteps } from './ours/training.ts';
import { peerVersion } from './peer-versions.ts';
import type { TrainingProblem } from './protocol.ts';
import { trainingPack } from './training-pack.ts';

/** Adam magnifies rounding: a gradient near 0 may move a weight either way. */
const TOLERANCE = 1e-3;

/** Optimiser steps of a call. Losses of the first call are held to float64 training. */
const STEPS = { 'one-layer': 8, 'two-layer': 2 };

/** Models that train together in `lengthwise/pack`. */
export const PACK_REPLICAS = 16;

const ours =
  (replicas: number): Load<TrainingProblem> =>
  async () => ({
    version: peerVersion('lengthwise'),
    prepare: (problem, device) => prepareSteps(trainingPack(problem, replicas), STEPS[problem.model], device),
  });

const CONTENDERS: Record<string, Load<TrainingProblem>> = {
  [`lengthwise/pack-of-${PACK_REPLICAS}`]: ours(PACK_REPLICAS),
  'lengthwise/one-model': ours(1),
};

export function poseTraining(problem: TrainingProblem): Posed {
  const { losses } = referenceTrain(trainingPack(problem, 1), 0, STEPS[problem.model]);
  return posed(problem, [Float64Array.from(losses)], TOLERANCE, CONTENDERS);
}
