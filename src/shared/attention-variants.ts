import type { ModelConfig } from './model-config.ts';

/**
 * Kernels of dense attention (`engine/attention/`). The `qb` ones share loads within quads and keep 4 or 8 query rows a lane
 * in registers, half as many of wide heads and in the backward pass. `flash-wg` has workgroup tiles, `split-k` splits the keys of few
 * queries, `quad` does any width, with subgroups or without. On record: scores kept in memory between passes (`qb-3pass`) ran as fast as
 * `qb-fused` on SwiftShader for O(T) more memory a row; they rounded to bits, which a second sweep does now.
 */
export const DENSE_VARIANTS = ['qb-fused', 'qb-fused-8', 'flash-wg', 'split-k', 'quad'] as const;

export type DenseVariant = (typeof DENSE_VARIANTS)[number];

/** Floats of the rows of queries and keys, and of values; multiples of 4. */
interface Widths {
  keyWidth: number;
  valueWidth: number;
}

/** Dense attention over one sequence. */
export interface DenseShape extends Widths {
  heads: number;
  length: number;
  locality: number;
  attention: ModelConfig['attention'];
  /** How many rows, the last ones, are wanted; all unless given. Forward only. */
  lastRows?: number | undefined;
}

/** Rows wanted, and the first of them. */
export const queriesOf = ({ lastRows, length }: DenseShape): number => Math.min(lastRows ?? length, length);
export const firstQuery = (shape: DenseShape): number => shape.length - queriesOf(shape);

/** Keys of a workgroup of `split-k`. */
export const SPLIT_KEYS = 256;
/** Floats of partial means that `split-k` may take: 64 MiB. */
const SPLIT_FLOATS = 2 ** 24;
/** `split-k` is the default of one sequence up to so many queries. */
const FEW_QUERIES = 8;

/** Floats of a row that kernels with rows in registers hold. */
const REGISTER_WIDTH = 128;
/** Wider rows than this are held half as many a lane. */
const NARROW_WIDTH = 64;

const widest = ({ keyWidth, valueWidth }: Widths) => Math.max(keyWidth, valueWidth);

/** Whether rows of keys and values fit the kernels that keep them in registers. */
export const fitsRegisters = (widths: Widths): boolean => widest(widths) <= REGISTER_WIDTH;

/** How many of `rows` rows a lane still holds at these widths. */
export const rowsOfLane = (widths: Widths, rows: number): number =>
  Math.max(1, widest(widths) > NARROW_WIDTH ? rows / 2 : rows);

/** Whether weights are rounded to bits, which needs a row's highest score before its first weight. */
export const isRounded = ({ attention }: Pick<DenseShape, 'attention'>): boolean =>
  'bits' in attention && attention.bits !== null;

/** Whether a variant computes attention of this shape on a device with these features. */
export function supports(variant: DenseVariant, shape: DenseShape, features: ReadonlySet<string>): boolean {
  switch (variant) {
    case 'qb-fused':
    case 'qb-fused-8':
      return features.has('subgroups') && fitsRegisters(shape);
    case 'split-k': {
      const chunks = Math.ceil(shape.length / SPLIT_KEYS);
      const floats = shape.heads * queriesOf(shape) * chunks * shape.valueWidth;
      return !isRounded(shape) && floats <= SPLIT_FLOATS && chunks * queriesOf(shape) <= 65535;
    }
    case 'flash-wg':
    case 'quad':
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
 * What runs where nothing was tuned: quick to compile, and right for the widths. It depends on nothing else, so that a sequence has the
 * same bits in any company. Software adapters gain by rows in registers; that hardware gains by workgroup tiles is from reading,
 * untested here (docs/kernels.md).
 */
export function defaultVariant(widths: Widths, { software, features }: AdapterTraits): DenseVariant {
  if (!software) return 'flash-wg';
  return features.includes('subgroups') && fitsRegisters(widths) ? 'qb-fused' : 'quad';
}

/** What runs where nothing was tuned for one sequence by itself: few queries of it have its keys split. */
export function defaultVariantAlone(shape: DenseShape, adapter: AdapterTraits): DenseVariant {
  const few = queriesOf(shape) <= FEW_QUERIES && supports('split-k', shape, new Set());
  return few ? 'split-k' : defaultVariant(shape, adapter);
}
