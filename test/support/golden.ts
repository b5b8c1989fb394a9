import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readModel } from '../../src/model/safetensors.ts';
import type { Model, ModelConfig } from '../../src/shared/model-config.ts';

const FOLDER = join(import.meta.dirname, '..', 'golden');

/** A golden vector (test/golden/README.md). */
export interface Golden {
  name: string;
  model: Model;
  forward: { tokens: number[]; outputs: number[][] }[];
  firstLayerAttention: { tokens: number[]; weights: number[][][] };
  gradient: {
    sequences: number[][];
    targets: number[][];
    loss: number;
    gradients: Record<string, unknown[]>;
  };
  theory: {
    norms: Record<string, number | number[]>;
    logitMargin: number;
    positionalMargin: number;
    regimes: string[];
    lipschitz?: number;
    log10Complexity?: number;
  };
}

/** Every golden vector, or those with a number of layers. */
export function goldens(layers?: 1 | 2): Golden[] {
  return readdirSync(FOLDER)
    .filter(file => file.endsWith('.json'))
    .map(file => {
      const json = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Omit<Golden, 'model' | 'name'> & {
        model: string;
        config: ModelConfig;
      };
      const model = readModel(readFileSync(join(FOLDER, json.model)), json.model);
      return { ...json, name: file.replace('.json', ''), model };
    })
    .filter(golden => layers === undefined || golden.model.config.layers === layers);
}

/** Numbers of a nested list, in order. */
export function flat(nested: unknown): number[] {
  return (nested as number[][]).flat(Number.POSITIVE_INFINITY) as number[];
}

/** Largest |a − b|. Throws when the lengths differ. */
export function largestError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`lengths ${a.length} and ${b.length} differ`);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
}
