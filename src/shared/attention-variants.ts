/** Kernels of dense attention, losers included (`engine/dense-attention.ts`). `quad` shares loads by subgroup broadcast, `plain` needs no subgroups. */
export const DENSE_VARIANTS = ['quad', 'plain'] as const;

export type DenseVariant = (typeof DENSE_VARIANTS)[number];
