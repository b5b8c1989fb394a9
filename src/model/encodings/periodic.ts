import { type Encoding, NOTHING } from './encoding.ts';

/** The limit transformer's own, docs/theory.md §1: y_i = E[x_i] + P[i mod Δ]. */
export const periodic: Encoding = { ...NOTHING, kind: 'periodic', positionRows: ({ period }) => period };
