import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { encodingOf } from '../model/encodings/registry.ts';
import type { AnyModel } from '../shared/model-config.ts';

/** Norms of one layer's weights (theory.md §4). Lists are by head. A, B, b are 0 without an MLP. */
export interface LayerNorms {
  V: number[];
  /** ‖s K_hᵀ Q_h‖; under `rope`, which turns it, that of equal positions. */
  KQ: number[];
  A: number;
  B: number;
  /** Euclidean norm of the MLP's bias. */
  b: number;
}

/** Norms of a model's weights (theory.md §4): of the matrices, whatever the rule; gains of the RMS norm are not in them. */
export interface Norms {
  /** max ‖y^(0)‖ over what a position can start as: tokens, each with each row of the position tensor where there is one. */
  R0: number;
  U: number;
  layers: LayerNorms[];
}

/** Operator 2-norms by singular values, float64. */
export function normsOf(model: AnyModel): Norms {
  const { layers, outputs } = model.config;
  return {
    R0: largestStart(model),
    U: operatorNorm(matrixOf(model, 'unembed', outputs)),
    layers: Array.from({ length: layers }, (_, l) => layerNorms(model, l)),
  };
}

/** Norms by name, layers counted from 1: `R0`, `U`, `V1`, `KQ1`, `A1`, `B1`, `b1`, `V2`, … (interfaces.md). */
export type NamedNorms = Record<string, number | number[]>;

/** The norms as JSON has them. */
export function namedNorms({ R0, U, layers }: Norms): NamedNorms {
  const named = layers.flatMap((norms, l) =>
    Object.entries(norms).map(([name, value]) => [`${name}${l + 1}`, value]),
  );
  return { R0, U, ...Object.fromEntries(named) };
}

function largestStart({ config, tensors }: AnyModel): number {
  const { width: d, vocabulary } = config;
  const rows = encodingOf(config.attention).positionRows(config);
  let most = 0;
  for (let x = 0; x < vocabulary; x++) {
    for (let r = 0; r < Math.max(1, rows); r++) {
      let squares = 0;
      for (let k = 0; k < d; k++)
        squares += (tensors.embed![x * d + k]! + (rows > 0 ? tensors.position![r * d + k]! : 0)) ** 2;
      most = Math.max(most, squares);
    }
  }
  return Math.sqrt(most);
}

function layerNorms(model: AnyModel, l: number): LayerNorms {
  const { heads, mlpWidth } = model.config;
  const heading = Array.from({ length: heads }, (_, h) => h);
  const mlp = mlpWidth > 0;
  return {
    V: heading.map(h => operatorNorm(valueMatrix(model, l, h))),
    KQ: heading.map(h => operatorNorm(logitMatrix(model, l, h))),
    A: mlp ? operatorNorm(mlpMatrices(model, l)!.A) : 0,
    B: mlp ? operatorNorm(mlpMatrices(model, l)!.B) : 0,
    b: mlp ? Math.hypot(...model.tensors[`layer.${l}.mlp_bias`]!) : 0,
  };
}

/** The largest singular value; 0 for a zero or an empty matrix. */
export function operatorNorm(matrix: Matrix): number {
  if (matrix.rows === 0 || matrix.columns === 0) return 0;
  const scale = Math.max(matrix.max(), -matrix.min());
  // The library's iteration misbehaves on matrices of subnormal numbers; scaled, none are left.
  if (scale === 0) return 0;
  const unit = Matrix.div(matrix, scale);
  const svd = new SingularValueDecomposition(unit, {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  });
  return scale * svd.norm2;
}

/** s K_hᵀ Q_h of layer `l` [d, d]: the logit of key y and query y' is yᵀ M y'. */
export function logitMatrix(model: AnyModel, l: number, h: number): Matrix {
  const { keyWidth, attention } = model.config;
  const key = matrixOf(model, `layer.${l}.key`, keyWidth, h);
  const query = matrixOf(model, `layer.${l}.query`, keyWidth, h);
  return key.transpose().mmul(query).mul(attention.scale);
}

/** V_h of layer `l` [d, d]. */
export function valueMatrix(model: AnyModel, l: number, h: number): Matrix {
  return matrixOf(model, `layer.${l}.value`, model.config.width, h);
}

/** A [m, d] and B [d, m] of layer `l`'s MLP; undefined where there is none. */
export function mlpMatrices(model: AnyModel, l: number): { A: Matrix; B: Matrix } | undefined {
  const { width, mlpWidth } = model.config;
  if (mlpWidth === 0) return undefined;
  const B = model.tensors[`layer.${l}.mlp_out`]!;
  return {
    A: matrixOf(model, `layer.${l}.mlp_in`, mlpWidth),
    B: Matrix.from1DArray(width, mlpWidth, Array.from(B)),
  };
}

/** Rows of a tensor with d columns, from head `h` on. */
export function matrixOf({ config, tensors }: AnyModel, name: string, rows: number, h = 0): Matrix {
  const size = rows * config.width;
  return Matrix.from1DArray(
    rows,
    config.width,
    Array.from(tensors[name]!.subarray(h * size, (h + 1) * size)),
  );
}
