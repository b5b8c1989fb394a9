import { ACTIVATIONS } from '../model/activation.ts';
import type { ModelConfig } from '../shared/model-config.ts';
import { attentionRow, attentionRowBackward } from './attention.ts';

/** The nonlinear steps of a transformer. Everything else is linear in weights and in states. */
export interface Rules {
  attention: typeof attentionRow;
  attentionBackward: typeof attentionRowBackward;
  activation(config: ModelConfig): { value: (x: number) => number; slope: (x: number) => number };
  /** Cosine and sine of the angle of an encoding that turns: 1-based position times frequency. */
  turn(position: number, frequency: number): [number, number];
  /** 1 / √ of a mean of squares. */
  inverseRoot(meanSquare: number): number;
}

/** The rules of docs/theory.md §§1 and 10. */
export const EXACT: Rules = {
  attention: attentionRow,
  attentionBackward: attentionRowBackward,
  activation: config => ACTIVATIONS[config.activation],
  turn: (position, frequency) => [Math.cos(position * frequency), Math.sin(position * frequency)],
  inverseRoot: meanSquare => 1 / Math.sqrt(meanSquare),
};
