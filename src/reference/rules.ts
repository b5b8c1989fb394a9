import { ACTIVATIONS } from '../model/activation.ts';
import type { ModelConfig } from '../shared/model-config.ts';
import { attentionRow, attentionRowBackward } from './attention.ts';

/** Which attention row: layer, head, query position, all from 0. */
export interface RowIndex {
  l: number;
  h: number;
  i: number;
}

/** The nonlinear steps of a limit transformer. Everything else is linear in weights and in states. */
export interface Rules {
  attention(config: ModelConfig, row: RowIndex, logits: Float64Array, phi: ArrayLike<number>): Float64Array;
  attentionBackward: typeof attentionRowBackward;
  activation(config: ModelConfig): { value: (x: number) => number; slope: (x: number) => number };
}

/** The rules of theory.md §1. */
export const EXACT: Rules = {
  attention: (config, _, logits, phi) => attentionRow(config, logits, phi),
  attentionBackward: attentionRowBackward,
  activation: config => ACTIVATIONS[config.activation],
};
