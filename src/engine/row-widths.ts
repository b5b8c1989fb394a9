import { isDeep } from '../model/paths.ts';
import { classCount, type ModelConfig } from '../shared/model-config.ts';

/** Widths of the rows that pass between kernels, in floats (symbols of shaders/common/legend.wgsl). */
export interface RowWidths {
  /** A row of the residual stream, and a head's query or key: rounded up to 16, what linear_rows.wgsl and dense attention load. */
  width: number;
  keyWidth: number;
  /** C */
  classes: number;
  /** H·C attention weights and C one-hot entries: the used part of a mix row. */
  mixUsed: number;
  /** X */
  mix: number;
  mlpPad: number;
  /** O rounded up to 4, and to 16. */
  outputPad: number;
  outputRow: number;
  /** F: a feature row. */
  features: number;
  /** G: a row of logit gradients. */
  logitGradients: number;
  /** Z: a state row of a class layer that another layer follows. */
  state: number;
  /** Floats between mix rows, and where the mix begins in each. */
  mixStride: number;
  mixAt: number;
  /** H rounded up to 4. */
  headPad: number;
  pad: (n: number) => number;
}

const roundUp = (n: number, multiple: number) => Math.ceil(n / multiple) * multiple;
const pad = (n: number) => roundUp(n, 16);

/** Row widths of a model. The read-out of a model of one layer is folded into its feature rows. */
export function rowWidths(config: ModelConfig): RowWidths {
  const { heads, locality, outputs, mlpWidth } = config;
  const only = isOnlyLayer(config);
  const classes = classCount(config);
  const mixUsed = heads * classes + classes;
  const mix = roundUp(mixUsed, 4);
  const mlpPad = pad(mlpWidth);
  const outputPad = roundUp(outputs, 4);
  const state = pad(mlpPad + mixUsed);
  return {
    width: pad(config.width),
    keyWidth: pad(config.keyWidth),
    classes,
    mixUsed,
    mix,
    mlpPad,
    outputPad,
    outputRow: pad(outputs),
    features: mlpPad + (only ? outputPad : 0),
    logitGradients: roundUp(heads * (classes + locality + 1), 4),
    state,
    mixStride: only ? mix : state,
    mixAt: only ? 0 : mlpPad,
    headPad: roundUp(heads, 4),
    pad,
  };
}

/** Whether the first layer is the last one too. */
export const isOnlyLayer = (model: Pick<ModelConfig, 'layers'>): boolean => !isDeep(model);
