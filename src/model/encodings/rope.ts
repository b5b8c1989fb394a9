import { isSoftmax } from '../../shared/model-config.ts';
import { type Encoding, NOTHING } from './encoding.ts';

/** RoFormer (Su et al. 2021): coordinates (2a, 2a + 1) of query and key turn by the angle i · base^(−2a / keyWidth). */
export const rope: Encoding = {
  ...NOTHING,
  kind: 'rope',
  rotates: true,
  angle: ({ keyWidth, attention }, i, a) =>
    i * (isSoftmax(attention) ? attention.ropeBase! : 1) ** ((-2 * a) / keyWidth),
  wgsl: {
    ...NOTHING.wgsl,
    angle: 'fn angle(i: u32, a: u32) -> f32 { return f32(i) * pow(ROPE_BASE, -2.0 * f32(a) / f32(KEY_WIDTH)); }',
  },
};
