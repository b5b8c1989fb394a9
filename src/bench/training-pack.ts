import { isDeep } from '../model/paths.ts';
import type { Pack } from '../shared/protocol.ts';
import { deviceTask } from '../tasks/device.ts';
import { taskOf } from '../tasks/registry.ts';
import type { TrainingProblem } from './protocol.ts';

/** The two models whose training is timed: SimpleTask in one layer, in-context 2-grams over 3 tokens in two. */
const SETTINGS = {
  'one-layer': { task: 'simple', knobs: { omega: 2 }, layers: 1, batch: 256, law: 'dirichlet-iid' },
  'two-layer': {
    task: 'k-gram',
    knobs: { vocabulary: 3, k: 2 },
    layers: 2,
    batch: 64,
    law: 'dirichlet-markov',
  },
} as const;

/** Steps of the schedule: more than any benchmark takes. */
const STEPS = 20_000;

/**
 * The pack that is trained: width D, MLP 4 D, ReLU, infinite precision, Adam, sequences of exactly T tokens (so that implementations with
 * static shapes do the same work), `replicas` seeds of it.
 */
export function trainingPack(
  { model, T, D, heads }: TrainingProblem,
  replicas: number,
  batch: number = SETTINGS[model].batch,
): Pack {
  const { task: kind, knobs, layers, law } = SETTINGS[model];
  const task = taskOf(kind);
  const { order: _, ...shape } = task.shape({ ...knobs });
  return {
    model: {
      ...shape,
      layers,
      heads,
      width: D,
      keyWidth: D,
      mlpWidth: 4 * D,
      activation: 'relu',
      norm: 'none',
      attention: { precision: 'infinite', scale: 1 / Math.sqrt(D) },
    },
    phiInit: isDeep({ layers }) ? [0, 1] : [0, 0],
    baseWidth: D,
    task: deviceTask(task, { ...knobs }, law),
    loss: 'mse',
    lengthMode: 'fixed',
    positions: 'last',
    positionOffset: 'none',
    steps: STEPS,
    batch,
    optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, warmup: 0, schedule: 'constant', clip: 1 },
    logEvery: STEPS,
    test: { lengths: [T], sequences: 2 },
    replicas: Array.from({ length: replicas }, (_, seed) => ({
      cell: `seed-${seed}`,
      seed,
      trainLength: T,
      learningRate: 0.003,
      alphaThousandths: 1000,
      knobs: { ...knobs },
      deviceKnobs: task.wgslKnobs({ ...knobs }),
    })),
  };
}
