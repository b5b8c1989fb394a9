import { DENSE_VARIANTS } from '../shared/attention-variants.ts';

/** Ways to compute f(x) that `forward` takes by name. */
export const KERNELS = ['linear', 'dense', 'reference', 'gpujs'] as const;
export type Kernel = (typeof KERNELS)[number];

/** `auto`: what was tuned on this adapter, else the default; `tune`: try them all now and remember; else the one to take. */
export const VARIANT_CHOICES = ['auto', 'tune', ...DENSE_VARIANTS] as const;
export type VariantChoice = (typeof VARIANT_CHOICES)[number];
