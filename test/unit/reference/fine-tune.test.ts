import { describe, expect, it } from 'vitest';
import { snapped } from '../../../src/model/snap.ts';
import { fineTune } from '../../../src/reference/fine-tune.ts';
import { taskOf } from '../../../src/tasks/registry.ts';
import { BASE, randomModel } from '../../support/models.ts';

const model = randomModel({ ...BASE, vocabulary: 2, outputs: 2, locality: 1 }, 1);
model.tensors['layer.0.phi']!.set([0.4, 1.5, 0.9, 0.2]);
const { model: exact } = snapped(model, { prune: true });
const options = {
  drawing: {
    task: taskOf('k-gram'),
    knobs: { vocabulary: 2, k: 1 },
    law: 'dirichlet-markov',
    alphaThousandths: 1000,
    lengthMode: 'uniform' as const,
    length: 12,
    positions: 'every' as const,
    offsets: null,
    key: 3,
  },
  steps: 40,
  batch: 8,
  learningRate: 0.01,
  optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, warmup: 2, schedule: 'cosine' as const, clip: 1 },
  baseWidth: 32,
};

describe('fine-tuning', () => {
  it('lowers the loss, and leaves φ and pruned heads alone', () => {
    const { model: tuned, losses } = fineTune(exact, options);
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(losses).toHaveLength(40);
    expect(mean(losses.slice(-8))).toBeLessThan(0.8 * mean(losses.slice(0, 8)));
    for (const l of [0, 1]) expect(tuned.tensors[`layer.${l}.phi`]).toEqual(exact.tensors[`layer.${l}.phi`]);
    const size = BASE.width ** 2;
    expect(tuned.tensors['layer.0.value']!.slice(size).every(x => x === 0)).toBe(true);
    expect(tuned.tensors['layer.0.value']!.slice(0, size)).not.toEqual(
      exact.tensors['layer.0.value']!.slice(0, size),
    );
    // A model that was snapped stays one that snapping does not change.
    expect(snapped(tuned, { prune: true }).model.tensors).toEqual(tuned.tensors);
  });

  it('is the same every time', () => {
    const short = { ...options, steps: 3 };
    expect(fineTune(exact, short).model.tensors).toEqual(fineTune(exact, short).model.tensors);
  });
});
