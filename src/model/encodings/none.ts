import { type Encoding, NOTHING } from './encoding.ts';

/** NoPE: order comes from the causal mask alone (Kazemnejad et al. 2023). */
export const none: Encoding = { ...NOTHING, kind: 'none' };
