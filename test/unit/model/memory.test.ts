import { describe, expect, test } from 'vitest';
import { prepareTraining } from '../../../src/engine/train.ts';
import { trainingFloats } from '../../../src/model/memory.ts';
import type { ModelConfig } from '../../../src/shared/model-config.ts';
import type { Positions } from '../../../src/shared/protocol.ts';
import { countingMemory } from '../../support/counting-gpu.ts';
import { pack, replica, taskWith } from '../../support/packs.ts';

const LIMIT: ModelConfig = {
  layers: 2,
  heads: 4,
  width: 32,
  keyWidth: 32,
  mlpWidth: 128,
  vocabulary: 4,
  period: 1,
  locality: 2,
  outputs: 4,
  activation: 'relu',
  norm: 'none',
  attention: { precision: 'infinite', scale: 1 },
};
const softmax = (attention: object): ModelConfig => ({
  ...LIMIT,
  locality: 0,
  attention: { rule: 'softmax', encoding: 'none', logScale: false, scale: 1, ...attention } as never,
});
const ROPE = softmax({ encoding: 'rope', ropeBase: 10000 });

/** Bytes that the engine asks for when it prepares to train `replicas` replicas. */
async function allocated(
  model: ModelConfig,
  positions: Positions,
  length: number,
  batch: number,
  replicas: number,
) {
  const [memory, scratch] = [countingMemory(), countingMemory()];
  const { vocabulary } = model;
  await prepareTraining(memory, scratch, {
    ...pack({ model, positions, batch, task: taskWith({ vocabulary, k: 1 }, 'dirichlet-markov') }),
    replicas: Array.from({ length: replicas }, (_, seed) =>
      replica({ seed, trainLength: length, knobs: { vocabulary, k: 1 } }),
    ),
  });
  return memory.bytes + scratch.bytes;
}

describe('the estimate of the memory that training takes', () => {
  test.each<[string, ModelConfig, Positions, number, number]>([
    ['one layer', { ...LIMIT, layers: 1 }, 'last', 64, 256],
    ['one layer, every position', { ...LIMIT, layers: 1 }, 'every', 64, 64],
    ['two layers', LIMIT, 'last', 64, 64],
    ['two layers, long', LIMIT, 'last', 512, 64],
    ['two layers of many classes', { ...LIMIT, vocabulary: 64, outputs: 64, heads: 2 }, 'last', 64, 64],
    ['two layers, 16 positions', LIMIT, 16, 64, 64],
    ['two layers, every position', LIMIT, 'every', 64, 64],
    ['two layers with norm, the last position', { ...LIMIT, norm: 'rms' }, 'last', 64, 64],
    ['four layers', { ...LIMIT, layers: 4 }, 8, 64, 64],
    ['twelve layers', { ...LIMIT, layers: 12 }, 'every', 64, 16],
    ['twelve small layers', { ...LIMIT, layers: 12, width: 8, keyWidth: 4, mlpWidth: 0 }, 'every', 16, 32],
    ['RoPE, four layers', { ...ROPE, layers: 4 }, 'every', 64, 64],
    ['RoPE, one layer, the last position', { ...ROPE, layers: 1 }, 'last', 64, 64],
    ['RoPE with norms', { ...ROPE, layers: 4, norm: 'rms' }, 'every', 64, 64],
    ['RoPE with norms, 4 positions', { ...ROPE, layers: 3, norm: 'rms' }, 4, 128, 32],
    [
      'scaled NoPE of short keys',
      { ...softmax({ logScale: true }), keyWidth: 8, layers: 3 },
      'every',
      64,
      64,
    ],
    ['absolute positions', softmax({ encoding: 'absolute', maxLength: 512 }), 'every', 128, 16],
  ])('%s: within a tenth of what the engine asks for', async (_, model, positions, length, batch) => {
    for (const replicas of [1, 8]) {
      const estimate = 4 * replicas * trainingFloats(model, { batch, length, positions });
      const ratio = estimate / (await allocated(model, positions, length, batch, replicas));
      expect(ratio).toBeGreaterThan(0.9);
      expect(ratio).toBeLessThan(1.1);
    }
  });
});
