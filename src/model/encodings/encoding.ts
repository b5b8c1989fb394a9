import type { ModelConfig } from '../../shared/model-config.ts';

/** What an encoding needs of a model. */
export type Encoded = Pick<ModelConfig, 'period' | 'heads' | 'keyWidth' | 'attention'>;

/**
 * How a model tells positions apart (docs/theory.md §§1, 10): by what a row of the `position` tensor adds to the embedding, by turning
 * queries and keys, by a bias on the scores. A new encoding is one file that exports one of these, and one line in `registry.ts`.
 */
export interface Encoding {
  kind: string;
  /** Rows of the `position` tensor; 0: there is none. Position `i` adds row (i + positionShift) mod positionRows. */
  positionRows(config: Encoded): number;
  positionShift(config: Encoded): number;
  /** Longest sequence. */
  longest(config: Encoded): number;
  /** Whether queries and keys are turned: coordinates (2a, 2a + 1) at position `i` by the angle i · frequency(a). */
  rotates: boolean;
  frequency(config: Encoded, a: number): number;
  /** Added to the score of head `h` (from 0) at offset `t` = i − j ≥ 0. */
  bias(config: Encoded, h: number, t: number): number;
  /** The bias in WGSL: `fn offset_bias(head: u32, t: vec4<u32>) -> vec4<f32>`, constant H; undefined where it is 0. */
  biasWgsl?: string;
}

/** What an encoding that leaves a part alone says of it. */
export const NOTHING = {
  positionRows: () => 0,
  positionShift: () => 0,
  longest: () => Number.POSITIVE_INFINITY,
  rotates: false,
  frequency: () => 0,
  bias: () => 0,
} satisfies Omit<Encoding, 'kind'>;
