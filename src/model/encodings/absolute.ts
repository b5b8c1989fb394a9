import { isSoftmax } from '../../shared/model-config.ts';
import { type Encoded, type Encoding, NOTHING } from './encoding.ts';

const maxLength = ({ attention }: Encoded) => (isSoftmax(attention) ? attention.maxLength! : 0);

/** Learned absolute positions, as in GPT-2: y_i = E[x_i] + P[i − 1], P of `maxLength` rows. */
export const absolute: Encoding = {
  ...NOTHING,
  kind: 'absolute',
  positionRows: maxLength,
  positionRow: (_, i) => i - 1,
  longest: maxLength,
  wgsl: { ...NOTHING.wgsl, positionRow: 'fn position_row(i: u32) -> u32 { return i - 1u; }' },
};
