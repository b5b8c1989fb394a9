import type { Model } from '../../../shared/model-config.ts';

/** What the float64 reference says of a model and some tokens. */
export interface Reference {
  /** f of every prefix [T][outputs]. */
  outputs: number[][];
  /** Attention of the last position in each layer [layer][head][T]. */
  attention: number[][][];
}

/** What the worker is asked. */
export interface Question {
  id: number;
  model: Model;
  tokens: number[];
}

export type Answer = { id: number; reference: Reference } | { id: number; problem: string };
