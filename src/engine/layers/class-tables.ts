import { classCount, type ModelConfig } from '../../shared/model-config.ts';
import type { RowWidths } from '../row-widths.ts';
import type { View } from '../view.ts';

/**
 * What layer 1 and the read-out make of each class (docs/theory.md §2). Axes: h head, c/q class as key/query, k key width,
 * e/d width, m MLP, o outputs.
 */
export interface ClassTables {
  /** V_h y_c [H, C, D] */
  values: View;
  /** y_c [C, D] */
  embedding: View;
  /** `values` and `embedding` as one [H·C + C, D]: what each entry of a mix row adds to the residual stream. */
  classState: View;
  /** K_h y_c and Q_h y_c [H, C, DK] */
  keys: View;
  queries: View;
  /** content logits [H, query C, key C] */
  logits: View;
  /** logit gradients by query class [query C, G]: H·C for logits, then H·(TAU+1) for φ. Only in the gradients. */
  logitRows: View;
  /** the feature table [H·C + C, F] of shaders/features_forward.wgsl, and its corners; `direct` in one-layer models only */
  features: View;
  attendedHidden: View;
  residualHidden: View;
  attendedDirect: View;
  residualDirect: View;
  /** W = U B [O, M_PAD] */
  readout: View;
}

/** Lays out the class tables of a model. */
export function classTables(
  config: ModelConfig,
  widths: RowWidths,
  take: (sizes: number[]) => View,
): ClassTables {
  const { heads: H, width: D, keyWidth: DK, mlpWidth: M, outputs: O } = config;
  const { classes: C, mlpPad, features: F, logitGradients: G } = widths;
  const classState = take([H * C + C, D]);
  const keys = take([H, C, DK]);
  const queries = take([H, C, DK]);
  const logits = take([H, C, C]);
  const logitRows = take([C, G]);
  const features = take([H * C + C, F]);
  const readout = take([O, mlpPad]);
  const corner = (firstRow: number, column: number, sizes: number[], strides: number[]): View => ({
    offset: features.offset + firstRow * F + column,
    sizes,
    strides,
  });
  return {
    values: { offset: classState.offset, sizes: [H, C, D], strides: [C * D, D, 1] },
    embedding: { offset: classState.offset + H * C * D, sizes: [C, D], strides: [D, 1] },
    classState,
    keys,
    queries,
    logits,
    logitRows,
    features,
    attendedHidden: corner(0, 0, [H, C, M], [C * F, F, 1]),
    residualHidden: corner(H * C, 0, [C, M], [F, 1]),
    attendedDirect: corner(0, mlpPad, [H, C, O], [C * F, F, 1]),
    residualDirect: corner(H * C, mlpPad, [C, O], [F, 1]),
    readout: { ...readout, sizes: [O, M] },
  };
}

/** The gradients of the logits [H, query C, key C] inside `logitRows`. */
export function logitGradients(model: ModelConfig, logitRows: View): View {
  const C = classCount(model);
  const [, G] = logitRows.sizes as [number, number];
  return { offset: logitRows.offset, sizes: [model.heads, C, C], strides: [C, G, 1] };
}

/** The gradients of φ [query C, H, τ+1] inside `logitRows`. */
export function phiGradients(model: ModelConfig, logitRows: View): View {
  const { heads, locality } = model;
  const C = classCount(model);
  const [, G] = logitRows.sizes as [number, number];
  return {
    offset: logitRows.offset + heads * C,
    sizes: [C, heads, locality + 1],
    strides: [G, locality + 1, 1],
  };
}
