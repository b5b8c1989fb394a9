import { classCount, type ModelConfig } from '../shared/model-config.ts';

/** Widths of the rows that pass between kernels, in floats (symbols of shaders/common/legend.wgsl). */
export interface RowWidths {
  /** C */
  classes: number;
  /** H·C attention weights and C one-hot entries: the used part of a mix row. */
  mixUsed: number;
  /** X */
  mix: number;
  mlpPad: number;
  /** O rounded up to 4. */
  outputPad: number;
  /** F: a feature row. */
  features: number;
  /** G: a row of logit gradients. */
  logitGradients: number;
  /** Z: a state row of a two-layer model. */
  state: number;
  /** Floats between mix rows, and where the mix begins in each. */
  mixStride: number;
  mixAt: number;
  /** H rounded up to 4. */
  headPad: number;
}

const roundUp = (n: number, multiple: number) => Math.ceil(n / multiple) * multiple;

/** Row widths of a model. */
export function rowWidths(config: ModelConfig): RowWidths {
  const { heads, locality, outputs, mlpWidth } = config;
  const two = config.layers === 2;
  const classes = classCount(config);
  const mixUsed = heads * classes + classes;
  const mix = roundUp(mixUsed, 4);
  const mlpPad = roundUp(mlpWidth, 16);
  const outputPad = roundUp(outputs, 4);
  const state = roundUp(mlpPad + mixUsed, 16);
  return {
    classes,
    mixUsed,
    mix,
    mlpPad,
    outputPad,
    features: mlpPad + (two ? 0 : outputPad),
    logitGradients: roundUp(heads * (classes + locality + 1), 4),
    state,
    mixStride: two ? state : mix,
    mixAt: two ? mlpPad : 0,
    headPad: roundUp(heads, 4),
  };
}
