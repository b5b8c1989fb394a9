import { type Encoded, type Encoding, NOTHING } from './encoding.ts';

const maxLength = ({ attention }: Encoded) => ('maxLength' in attention ? attention.maxLength! : 0);

/** Learned absolute positions, as in GPT-2: y_i = E[x_i] + P[i − 1], P of `maxLength` rows. */
export const absolute: Encoding = {
  ...NOTHING,
  kind: 'absolute',
  positionRows: maxLength,
  // −1 modulo the rows.
  positionShift: config => maxLength(config) - 1,
  longest: maxLength,
};
