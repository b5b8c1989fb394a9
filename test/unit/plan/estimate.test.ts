import { describe, expect, test } from 'vitest';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { packSeconds } from '../../../src/plan/estimate.ts';
import { packsOf } from '../../../src/plan/packs.ts';

/** What one pack of an experiment is estimated at. */
function estimate(text: string, ...sets: string[]) {
  const packs = packsOf(cellsOf(parseExperiment(`name: x\n${text}`, 'x.yaml', sets)));
  expect(packs).toHaveLength(1);
  return { ...packSeconds(packs[0]!.pack), steps: packs[0]!.pack.steps };
}

/**
 * Processor time of packs of two cells on SwiftShader, in milliseconds: of a training step, and of the longest test with all its sequences.
 * Measured beside other work, the same shape twice at 2.7 and 5.4 ms a step.
 */
const TRUTHS: Record<string, { text: string; step: number; test: number }> = {
  'one layer, long tests': {
    text: `
task: { kind: simple, omega: 2 }
train: { length: [8, 16] }
test: { length: [1024, 16384], sequences: 1024 }`,
    step: 5.4,
    test: 2075,
  },
  'width 8': {
    text: `
task: { kind: simple, omega: 2 }
model: { width: 8 }
train: { length: [8, 16] }
test: { length: [16, 64], sequences: 256 }`,
    step: 2.9,
    test: 14.6,
  },
  'width 128, 4 heads': {
    text: `
task: { kind: simple, omega: 2 }
model: { width: 128, heads: 4 }
train: { length: [8, 16] }
test: { length: [16, 64], sequences: 256 }`,
    step: 27.8,
    test: 16.1,
  },
  'width 256, 4 heads': {
    text: `
task: { kind: simple, omega: 2 }
model: { width: 256, heads: 4 }
train: { length: [8, 16], batch: 64 }
test: { length: [16], sequences: 128 }`,
    step: 75.7,
    test: 24.3,
  },
  'mod p, 2 heads, finite precision': {
    text: `
task: { kind: mod-p, p: 3, k: 1 }
model: { heads: 2, attention: { precision: finite, bits: 8 } }
train: { length: [16, 64] }
test: { length: [64, 256, 4096], sequences: 256 }`,
    step: 14.6,
    test: 124.5,
  },
  'two layers': {
    text: `
task: { kind: k-gram, vocabulary: 2, k: 1 }
model: { width: 16, mlpWidth: 32 }
train: { length: [8, 16], batch: 64 }
test: { length: [256, 4096], sequences: 64 }`,
    step: 18.7,
    test: 959,
  },
  'softmax, rope, every position': {
    text: `
task: { kind: k-gram, vocabulary: 2, k: 1 }
model: { layers: 2, width: 16, mlpWidth: 32, attention: { rule: softmax, encoding: rope } }
train: { length: 16, positions: every, batch: 32 }
test: { length: [32, 256], sequences: 64 }
seed: [0, 1]`,
    step: 42.9,
    test: 381,
  },
  'four layers': {
    text: `
task: { kind: simple, omega: 2 }
model: { layers: 4, width: 16, mlpWidth: 32 }
train: { length: 16, batch: 32 }
test: { length: [32, 256], sequences: 64 }
seed: [0, 1]`,
    step: 60.8,
    test: 461,
  },
};

/** Of two cores that work most of the time, and wait for each other the rest. */
const SECONDS_A_CORE_SECOND = 0.6;
const FACTOR = 2;

describe('time estimate', () => {
  test.each(Object.entries(TRUTHS))('%s: within a factor of two of what was measured', (_, truth) => {
    const { train, steps, points } = estimate(truth.text);
    const guesses = { step: (1000 * train) / steps, test: 1000 * points.at(-1)! };
    for (const part of ['step', 'test'] as const) {
      const ratio = guesses[part] / (SECONDS_A_CORE_SECOND * truth[part]);
      expect(Math.max(ratio, 1 / ratio), `${part}: ${ratio.toFixed(2)} times`).toBeLessThan(FACTOR);
    }
  });

  const SMALL = `
task: { kind: mod-p, p: 4, k: 0 }
train: { length: [4, 16], steps: 250 }
test: { length: [16, 32], sequences: 8 }`;

  test('is proportional to steps, and counts every cell and test length', () => {
    const once = estimate(SMALL);
    const twice = estimate(SMALL, 'train.steps=500');
    expect(twice.train).toBeCloseTo(2 * once.train, 10);
    expect(twice.test).toBeCloseTo(once.test, 10);
    expect(once.points).toHaveLength(3);
    expect(once.points.reduce((sum, point) => sum + point)).toBeCloseTo(once.test, 10);
    const thrice = estimate(SMALL, 'seed=[0, 1, 2]');
    expect(thrice.theory).toBeCloseTo(3 * once.theory, 10);
    for (const part of ['train', 'test'] as const) {
      expect(thrice[part]).toBeGreaterThan(once[part]);
      expect(thrice[part]).toBeLessThan(3 * once[part]);
    }
  });

  test.each(['model.width=256', 'model.heads=4', 'model.layers=2', 'model.mlpWidth=1024'])(
    'is longer with %s',
    set => {
      const [small, large] = [estimate(SMALL), estimate(SMALL, set)];
      for (const part of ['train', 'test', 'theory'] as const)
        expect(large[part]).toBeGreaterThan(small[part]);
    },
  );
});
