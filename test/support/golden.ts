import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readModel } from '../../src/model/safetensors.ts';
import type { LabelledSequence } from '../../src/reference/backward.ts';
import type { Model } from '../../src/shared/model-config.ts';
import type { Pack } from '../../src/shared/protocol.ts';

const FOLDER = join(import.meta.dirname, '..', 'golden');

/** A loss and all its gradients (test/golden/README.md). */
export interface GoldenGradient {
  sequences: number[][];
  loss: number;
  gradients: Record<string, unknown[]>;
}

/** What every golden vector has. */
interface Vectors {
  name: string;
  /** Path of the model file. */
  file: string;
  model: Model;
  forward: { tokens: number[]; outputs: number[][] }[];
  gradient: GoldenGradient & { targets: number[][] };
}

/** A limit transformer of one or two layers, with attention and theory. */
export interface Golden extends Vectors {
  firstLayerAttention: { tokens: number[]; weights: number[][][] };
  theory: {
    norms: Record<string, number | number[]>;
    logitMargin: number;
    positionalMargin: number;
    regimes: string[];
    lipschitz?: number;
    log10Complexity?: number;
  };
}

/** A model of any depth, rule, encoding and norm, with targets at many positions. */
export interface DeepGolden extends Vectors {
  gradientEveryPosition: GoldenGradient & { targets: number[][][]; weights: (0 | 1)[][] };
  gradientCrossEntropy: GoldenGradient & { classes: number[][]; weights: (0 | 1)[][] };
}

function vectorsOf<G extends Vectors>(folder: string): G[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.json'))
    .map(file => {
      const json = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Omit<G, 'model'> & {
        model: string;
      };
      const path = join(folder, json.model);
      const model = readModel(readFileSync(path), json.model);
      return { ...json, name: file.replace('.json', ''), file: path, model } as unknown as G;
    });
}

/** The golden vectors of limit transformers of one or two layers, or those with a number of layers. */
export function goldens(layers?: 1 | 2): Golden[] {
  return vectorsOf<Golden>(FOLDER).filter(
    ({ model }) => layers === undefined || model.config.layers === layers,
  );
}

/** The golden vectors of deeper and softmax models. */
export function deepGoldens(): DeepGolden[] {
  return vectorsOf<DeepGolden>(join(FOLDER, 'deep'));
}

/** One of a golden vector's gradients with the batch that it is of. */
export interface GradientCase {
  set: string;
  loss: Pack['loss'];
  reads: 'last' | 'every';
  batch: LabelledSequence[];
  want: GoldenGradient;
}

/** Every gradient of a golden vector. */
export function gradientCases(golden: Golden | DeepGolden): GradientCase[] {
  const { gradient, model } = golden;
  const last: GradientCase = {
    set: 'last position',
    loss: 'mse',
    reads: 'last',
    want: gradient,
    batch: gradient.sequences.map((tokens, b) => ({
      tokens,
      reads: [tokens.length],
      targets: [gradient.targets[b]!],
    })),
  };
  if (!('gradientEveryPosition' in golden)) return [last];
  const { gradientEveryPosition: every, gradientCrossEntropy: entropy } = golden;
  const oneHot = (c: number) => Array.from({ length: model.config.outputs }, (_, o) => (o === c ? 1 : 0));
  const labelled = (sequences: number[][], weights: number[][], targets: number[][][]) =>
    sequences.map((tokens, b) => ({
      tokens,
      reads: tokens.map((_, i) => i + 1),
      targets: targets[b]!,
      weights: weights[b]!,
    }));
  return [
    last,
    {
      set: 'every position',
      loss: 'mse',
      reads: 'every',
      want: every,
      batch: labelled(every.sequences, every.weights, every.targets),
    },
    {
      set: 'cross-entropy',
      loss: 'cross-entropy',
      reads: 'every',
      want: entropy,
      batch: labelled(
        entropy.sequences,
        entropy.weights,
        entropy.classes.map(row => row.map(oneHot)),
      ),
    },
  ];
}

/** Sequences of which read-outs alone are wanted. */
export function unlabelled(sequences: readonly ArrayLike<number>[]): LabelledSequence[] {
  return sequences.map(tokens => ({ tokens, reads: [], targets: [] }));
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
