import type { ModelConfig } from '../../src/shared/model-config.ts';
import type { Pack, Replica } from '../../src/shared/protocol.ts';
import { deviceTask } from '../../src/tasks/device.ts';
import { taskOf } from '../../src/tasks/registry.ts';
import type { Knobs } from '../../src/tasks/task.ts';

/** The built-in task that has such knobs. */
const kindOf = (knobs: Knobs) => ('omega' in knobs ? 'simple' : 'p' in knobs ? 'mod-p' : 'k-gram');

/** A replica of SimpleTask, or of the task that has the knobs, to vary. */
export function replica(overrides: Partial<Replica> = {}): Replica {
  const { knobs = { omega: 2 } } = overrides;
  const defaults = {
    seed: 3,
    trainLength: 8,
    learningRate: 0.005,
    alphaThousandths: 1000,
    knobs,
    deviceKnobs: taskOf(kindOf(knobs)).wgslKnobs(knobs),
  };
  return { cell: 'cell', ...defaults, ...overrides };
}

/** What packs carry of the built-in task that has such knobs. */
export function taskWith(knobs: Knobs, law = 'dirichlet-iid'): Pack['task'] {
  return deviceTask(taskOf(kindOf(knobs)), knobs, law);
}

/** A small one-layer pack to vary. */
export function pack(overrides: Partial<Pack> = {}): Pack {
  return {
    model: {
      layers: 1,
      heads: 1,
      width: 8,
      keyWidth: 8,
      mlpWidth: 16,
      vocabulary: 2,
      period: 1,
      locality: 0,
      outputs: 1,
      activation: 'relu',
      norm: 'none',
      attention: { precision: 'infinite', scale: 0.4 },
    },
    phiInit: [0, 0.5],
    baseWidth: 32,
    task: taskWith({ omega: 2 }),
    loss: 'mse',
    lengthMode: 'uniform',
    positions: 'last',
    positionOffset: 'none',
    steps: 20,
    batch: 16,
    optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, warmup: 4, schedule: 'cosine', clip: 0.5 },
    logEvery: 1,
    test: { lengths: [16], sequences: 64 },
    replicas: [replica()],
    ...overrides,
  };
}

/** A small two-layer pack to vary: in-context k-gram. */
export function kGramPack(overrides: Partial<Pack> = {}): Pack {
  return pack({
    model: {
      layers: 2,
      heads: 2,
      width: 8,
      keyWidth: 4,
      mlpWidth: 16,
      vocabulary: 3,
      period: 1,
      locality: 2,
      outputs: 3,
      activation: 'relu',
      norm: 'none',
      attention: { precision: 'infinite', scale: 0.5 },
    },
    task: taskWith({ vocabulary: 3, k: 1 }, 'dirichlet-markov'),
    phiInit: [0, 1],
    replicas: [replica({ trainLength: 12, knobs: { vocabulary: 3, k: 1 } })],
    ...overrides,
  });
}

/** The k-gram pack's model with ordinary attention. */
const softmax = (attention: object, more: Partial<ModelConfig> = {}): ModelConfig => ({
  ...kGramPack().model,
  locality: 0,
  attention: { rule: 'softmax', encoding: 'none', logScale: false, scale: 0.5, ...attention } as never,
  ...more,
});

const test5000 = { lengths: [5000], sequences: 3 };

/** One path of training, or one turn of a path, each. */
export const PATH_PACKS: { name: string; own: Pack }[] = [
  { name: 'one layer, last position', own: pack() },
  { name: 'one layer, every position', own: pack({ positions: 'every' }) },
  { name: 'one layer, 5 positions', own: pack({ positions: 5 }) },
  { name: 'two limit layers, one query', own: kGramPack({ test: test5000 }) },
  {
    name: 'two limit layers of finite precision, one query, two sweeps',
    own: kGramPack({
      model: { ...kGramPack().model, attention: { precision: 'finite', bits: 6, scale: 0.1 } },
      test: test5000,
    }),
  },
  { name: 'two limit layers, 5 positions', own: kGramPack({ positions: 5 }) },
  {
    name: 'four limit layers, every position',
    own: kGramPack({ positions: 'every', model: { ...kGramPack().model, layers: 4 } }),
  },
  {
    name: 'three softmax layers, rope, rms, every position',
    own: kGramPack({
      positions: 'every',
      model: softmax({ encoding: 'rope', ropeBase: 100 }, { layers: 3, norm: 'rms' }),
    }),
  },
  {
    name: 'two softmax layers, absolute with offsets, log scale, 5 positions',
    own: kGramPack({
      positions: 5,
      positionOffset: 'random',
      model: softmax({ encoding: 'absolute', maxLength: 600, logScale: true }),
    }),
  },
];
