import { type Encoding, NOTHING } from './encoding.ts';

/** The limit transformer's own, theory.md §1: y_i = E[x_i] + P[i mod Δ]. */
export const periodic: Encoding = {
  ...NOTHING,
  kind: 'periodic',
  positionRows: ({ period }) => period,
  positionRow: ({ period }, i) => i % period,
  wgsl: { ...NOTHING.wgsl, positionRow: 'fn position_row(i: u32) -> u32 { return i % DELTA; }' },
};
