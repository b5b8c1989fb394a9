import type { ModelConfig } from './model-config.ts';

/**
 * Kernels of dense attention, losers included (`engine/dense-attention.ts`). The `qb` ones share loads by subgroup broadcast
 * and keep rows in registers, 4 or 8 a lane; `quad` broadcasts without keeping rows; `plain` needs no subgroups.
 */
export const DENSE_VARIANTS = ['qb-fused', 'qb-fused-8', 'quad', 'plain'] as const;

export type DenseVariant = (typeof DENSE_VARIANTS)[number];

/** Shape of the heads of dense attention. Widths are in floats, multiples of 4. */
export interface DenseShape {
  heads: number;
  length: number;
  keyWidth: number;
  valueWidth: number;
  locality: number;
  attention: ModelConfig['attention'];
}

/** Widest key or value that a kernel with rows in registers is made for. */
const REGISTER_WIDTH = 64;

/** Whether the weights are rounded to bits, which needs a row's highest score before the first weight. */
const rounded = ({ attention }: DenseShape) => attention.precision === 'finite' && attention.bits !== null;

/** Whether a variant computes attention of this shape on a device with these features. */
export function supports(variant: DenseVariant, shape: DenseShape, features: ReadonlySet<string>): boolean {
  const narrow = Math.max(shape.keyWidth, shape.valueWidth) <= REGISTER_WIDTH;
  switch (variant) {
    case 'qb-fused':
    case 'qb-fused-8':
      return features.has('subgroups') && narrow && !rounded(shape);
    case 'quad':
    case 'plain':
      return true;
  }
}

/** What runs where nothing was tuned: quick to compile, and right for every shape. */
export function defaultVariant(shape: DenseShape, features: ReadonlySet<string>): DenseVariant {
  return supports('qb-fused', shape, features) ? 'qb-fused' : 'quad';
}
