import { layoutOf } from '../model/layout.ts';
import { classCount, type ModelConfig } from '../shared/model-config.ts';

/** A tensor inside every replica's block of the arena: floats from the block's start, with strides in floats. */
export interface View {
  offset: number;
  sizes: number[];
  strides: number[];
}

/** Row-major view of `sizes` at `offset`. */
export function contiguous(offset: number, sizes: number[]): View {
  const strides = sizes.map((_, axis) => sizes.slice(axis + 1).reduce((a, b) => a * b, 1));
  return { offset, sizes, strides };
}

/** The same memory with its first axis split into `sizes`. */
export function splitFirst(view: View, first: number, second: number): View {
  return {
    offset: view.offset,
    sizes: [first, second, ...view.sizes.slice(1)],
    strides: [second * view.strides[0]!, ...view.strides],
  };
}

const roundUp = (n: number, multiple: number) => Math.ceil(n / multiple) * multiple;

/** Widths of the rows that pass between kernels, in floats (symbols of shaders/common/legend.wgsl). */
export interface RowWidths {
  classes: number;
  mlpPad: number;
  outputPad: number;
  /** F: a feature row. */
  features: number;
  /** X: a mix row. */
  mix: number;
  /** G: a row of logit gradients. */
  logitGradients: number;
}

/** Row widths of a model. */
export function rowWidths(config: ModelConfig): RowWidths {
  const classes = classCount(config);
  const mlpPad = roundUp(config.mlpWidth, 16);
  const outputPad = roundUp(config.outputs, 4);
  return {
    classes,
    mlpPad,
    outputPad,
    features: mlpPad + outputPad,
    mix: roundUp(config.heads * classes + classes, 4),
    logitGradients: roundUp(config.heads * (classes + config.locality + 1), 4),
  };
}

/**
 * Where everything of a replica lies in its block of the arena: parameters first (as in `model/layout.ts`), their
 * gradients, Adam's two moments, then the class tables of layer 1 and the gradients of those tables.
 */
export interface Arena {
  /** Floats of a replica's block. */
  stride: number;
  parameterFloats: number;
  gradients: number;
  moment1: number;
  moment2: number;
  /** Parameters by tensor name, and their gradients. */
  parameter: (name: string) => View;
  gradient: (name: string) => View;
  tables: ClassTables;
  gradTables: ClassTables;
}

/**
 * What layer 1 and the read-out make of each class (theory.md §2). Axes: h head, c/q class as key/query, k key width,
 * e width, m MLP, o outputs.
 */
export interface ClassTables {
  /** y_c [C, D] */
  embedding: View;
  /** K_h y_c and Q_h y_c [H, C, DK] */
  keys: View;
  queries: View;
  /** V_h y_c [H, C, D] */
  values: View;
  /** content logits [H, query C, key C] */
  logits: View;
  /** logit gradients by query class [query C, G]: H·C for logits, then H·(TAU+1) for φ. Only in the gradients. */
  logitRows: View;
  /** the feature table [H·C + C, F] of shaders/features_forward.wgsl, and its four corners */
  features: View;
  attendedHidden: View;
  attendedDirect: View;
  residualHidden: View;
  residualDirect: View;
  /** W = U B [O, M_PAD] */
  readout: View;
}

function classTables(config: ModelConfig, start: number): { tables: ClassTables; end: number } {
  const { heads: H, width: D, keyWidth: DK, mlpWidth: M, outputs: O } = config;
  const { classes: C, mlpPad, features: F, logitGradients: G } = rowWidths(config);
  let end = start;
  const take = (sizes: number[]): View => {
    const view = contiguous(end, sizes);
    end += roundUp(sizes.reduce((a, b) => a * b, 1), 4);
    return view;
  };
  const embedding = take([C, D]);
  const keys = take([H, C, DK]);
  const queries = take([H, C, DK]);
  const values = take([H, C, D]);
  const logits = take([H, C, C]);
  const logitRows = take([C, G]);
  const features = take([H * C + C, F]);
  const readout = { ...take([O, mlpPad]), sizes: [O, M] };
  const corner = (firstRow: number, column: number, sizes: number[], strides: number[]): View => ({
    offset: features.offset + firstRow * F + column,
    sizes,
    strides,
  });
  return {
    tables: {
      embedding,
      keys,
      queries,
      values,
      logits,
      logitRows,
      features,
      readout,
      attendedHidden: corner(0, 0, [H, C, M], [C * F, F, 1]),
      attendedDirect: corner(0, mlpPad, [H, C, O], [C * F, F, 1]),
      residualHidden: corner(H * C, 0, [C, M], [F, 1]),
      residualDirect: corner(H * C, mlpPad, [C, O], [F, 1]),
    },
    end,
  };
}

/** Lays out the arena of a one-layer model. */
export function arenaOf(config: ModelConfig): Arena {
  const layout = layoutOf(config);
  const P = layout.stride;
  const { tables, end } = classTables(config, 4 * P);
  const { tables: gradTables, end: stride } = classTables(config, end);
  const at = (base: number) => (name: string) => {
    const slot = layout.slots.find(s => s.name === name);
    if (!slot) throw new Error(`no tensor ${name}`);
    return contiguous(base + slot.offset, slot.shape);
  };
  return {
    stride,
    parameterFloats: P,
    gradients: P,
    moment1: 2 * P,
    moment2: 3 * P,
    parameter: at(0),
    gradient: at(P),
    tables,
    gradTables,
  };
}
