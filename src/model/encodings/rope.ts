import { type Encoding, NOTHING } from './encoding.ts';

/** RoFormer (Su et al. 2021): coordinates (2a, 2a + 1) of query and key turn by the angle i · base^(−2a / keyWidth). */
export const rope: Encoding = {
  ...NOTHING,
  kind: 'rope',
  rotates: true,
  frequency: ({ keyWidth, attention }, a) =>
    ('ropeBase' in attention ? attention.ropeBase! : 1) ** ((-2 * a) / keyWidth),
};
