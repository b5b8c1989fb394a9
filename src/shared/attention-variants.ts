import type { ModelConfig } from './model-config.ts';

/**
 * Kernels of dense attention, losers included (`engine/dense-attention.ts`). The `qb` ones share loads by subgroup broadcast and keep
 * rows in registers: `qb-fused` streams the softmax, 4 or 8 rows a lane, `qb-3pass` keeps scores in memory. `flash-wg` has
 * workgroup tiles, `split-k` splits the keys of few queries, `quad` broadcasts without keeping rows, `plain` needs nothing special.
 */
export const DENSE_VARIANTS = [
  'qb-fused',
  'qb-fused-8',
  'qb-3pass',
  'flash-wg',
  'split-k',
  'quad',
  'plain',
] as const;

export type DenseVariant = (typeof DENSE_VARIANTS)[number];

/** Shape of the heads of dense attention. Widths are in floats, multiples of 4. */
export interface DenseShape {
  heads: number;
  length: number;
  keyWidth: number;
  valueWidth: number;
  locality: number;
  /** How many rows, the last ones, are wanted; all unless given. Forward only. */
  lastRows?: number | undefined;
  attention: ModelConfig['attention'];
}

/** Rows wanted, and the first of them. */
export const queriesOf = ({ lastRows, length }: DenseShape): number => Math.min(lastRows ?? length, length);
export const firstQuery = (shape: DenseShape): number => shape.length - queriesOf(shape);

/** Keys of a workgroup of `split-k`. */
export const SPLIT_KEYS = 256;
/** Floats of partial means that `split-k` may take: 64 MiB. */
const SPLIT_FLOATS = 2 ** 24;
/** `split-k` is the default up to so many queries. */
const FEW_QUERIES = 8;

/** Whether rows of keys and values fit the kernels that keep them in registers. */
export const fitsRegisters = ({ keyWidth, valueWidth }: DenseShape): boolean =>
  Math.max(keyWidth, valueWidth) <= 64;

/** Whether weights are rounded to bits, which needs a row's highest score before its first weight. */
const isRounded = ({ attention }: DenseShape) => attention.precision === 'finite' && attention.bits !== null;

/** Whether a variant computes attention of this shape on a device with these features. */
export function supports(variant: DenseVariant, shape: DenseShape, features: ReadonlySet<string>): boolean {
  switch (variant) {
    case 'qb-fused':
    case 'qb-fused-8':
      return features.has('subgroups') && fitsRegisters(shape) && !isRounded(shape);
    case 'qb-3pass':
      return features.has('subgroups') && shape.keyWidth <= 128;
    case 'split-k': {
      const chunks = Math.ceil(shape.length / SPLIT_KEYS);
      const floats = shape.heads * queriesOf(shape) * chunks * shape.valueWidth;
      return !isRounded(shape) && floats <= SPLIT_FLOATS && queriesOf(shape) <= 65535;
    }
    case 'flash-wg':
    case 'quad':
    case 'plain':
      return true;
  }
}

/** Shape of a model's attention over sequences of `length`, widths rounded up to what the kernels load at once. */
export function shapeOf(model: ModelConfig, length: number, lastRows?: number): DenseShape {
  const { heads, keyWidth, width, locality, attention } = model;
  const padded = (floats: number) => 4 * Math.ceil(floats / 4);
  const widths = { keyWidth: padded(keyWidth), valueWidth: padded(width) };
  return { heads, length, ...widths, locality, attention, ...(lastRows === undefined ? {} : { lastRows }) };
}

/** What the default variant depends on: `AdapterInfo` has it. */
interface AdapterTraits {
  software: boolean;
  features: readonly string[];
}

/**
 * What runs where nothing was tuned: quick to compile, and right for the shape. Software adapters gain by rows in registers; that
 * hardware gains by workgroup tiles is from reading, untested here (kernels.md).
 */
export function defaultVariant(shape: DenseShape, { software, features }: AdapterTraits): DenseVariant {
  const wanted: DenseVariant[] = [
    ...(queriesOf(shape) <= FEW_QUERIES ? ['split-k' as const] : []),
    ...(software ? ['qb-fused' as const, 'qb-3pass' as const] : ['flash-wg' as const]),
  ];
  return wanted.find(variant => supports(variant, shape, new Set(features))) ?? 'quad';
}
