import { randomWeights } from '../../src/model/initialise.ts';
import { layoutOf, tensorShapes, unflatten } from '../../src/model/layout.ts';
import type { Model, ModelConfig } from '../../src/shared/model-config.ts';
import { below, WordStream } from '../../src/shared/random.ts';

/** A small two-layer shape to vary. */
export const BASE: ModelConfig = {
  layers: 2,
  heads: 2,
  width: 8,
  keyWidth: 8,
  mlpWidth: 16,
  vocabulary: 3,
  period: 1,
  locality: 2,
  outputs: 3,
  activation: 'relu',
  norm: 'none',
  attention: { precision: 'infinite', scale: 0.35 },
};

/** A model with random weights. */
export function randomModel(config: ModelConfig, seed: number, phiInit: [number, number] = [0, 1.5]): Model {
  const flat = randomWeights(config, { phiInit, baseWidth: config.width, seed });
  return { config, tensors: unflatten(layoutOf(config), flat) };
}

/** Uniform random tokens. */
export function randomTokens(length: number, vocabulary: number, seed = 1): number[] {
  const stream = new WordStream(seed, 0, 0);
  return Array.from({ length }, () => below(stream.next(), vocabulary));
}

/** A model whose weights are all 0 but the given entries, addressed by tensor name and index in its shape. */
export function builtModel(
  config: ModelConfig,
  entries: [name: string, index: number[], value: number][],
): Model {
  const shapes = new Map(tensorShapes(config).map(({ name, shape }) => [name, shape]));
  const model: Model = {
    config,
    tensors: Object.fromEntries(
      [...shapes].map(([name, shape]) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1))]),
    ),
  };
  for (const [name, index, value] of entries) {
    const flat = index.reduce((sum, i, axis) => sum * shapes.get(name)![axis]! + i, 0);
    model.tensors[name]![flat] = value;
  }
  return model;
}
