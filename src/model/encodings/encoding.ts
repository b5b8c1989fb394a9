import type { ModelConfig, SoftmaxAttention } from '../../shared/model-config.ts';

/** What an encoding needs of a model. */
export type Encoded = Pick<ModelConfig, 'period' | 'heads' | 'keyWidth' | 'attention'>;

/**
 * How a model tells positions apart (theory.md §§1, 10): by what a row of the `position` tensor adds to the embedding, by turning
 * queries and keys, by a bias on the scores. A new encoding is one file that exports one of these, and one line in `registry.ts`.
 */
export interface Encoding {
  kind: 'periodic' | SoftmaxAttention['encoding'];
  /** Rows of the `position` tensor; 0: there is none. */
  positionRows(config: Encoded): number;
  /** The row that 1-based position `i` adds. Called only where there are rows. */
  positionRow(config: Encoded, i: number): number;
  /** Longest sequence. */
  longest(config: Encoded): number;
  /** Whether queries and keys are turned. */
  rotates: boolean;
  /** Angle at position `i` by which coordinates (2a, 2a + 1) of queries and keys are turned. */
  angle(config: Encoded, i: number, a: number): number;
  /** Added to the score of head `h` (from 0) at offset `t` = i − j ≥ 0. */
  bias(config: Encoded, h: number, t: number): number;
  /**
   * The same in WGSL. `fn position_row(i: u32) -> u32` (constants DELTA; only called where there are rows),
   * `fn angle(i: u32, a: u32) -> f32` (constants DK_TRUE, ROPE_BASE), `fn offset_bias(head: u32, t: vec4<u32>) -> vec4<f32>` (constant H).
   */
  wgsl: { positionRow: string; angle: string; offsetBias: string };
}

/** What an encoding that leaves a part alone says of it. */
export const NOTHING = {
  positionRows: () => 0,
  positionRow: () => 0,
  longest: () => Number.POSITIVE_INFINITY,
  rotates: false,
  angle: () => 0,
  bias: () => 0,
  wgsl: {
    positionRow: 'fn position_row(i: u32) -> u32 { return 0u; }',
    angle: 'fn angle(i: u32, a: u32) -> f32 { return 0.0; }',
    offsetBias: 'fn offset_bias(head: u32, t: vec4<u32>) -> vec4<f32> { return vec4<f32>(); }',
  },
} satisfies Omit<Encoding, 'kind'>;
