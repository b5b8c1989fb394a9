import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import type { ClassTables } from '../model/first-layer.ts';
import type { AnyModel } from '../shared/model-config.ts';

/** Norms of a model's weights (theory.md §4). Lists are by head. Layer 2's are absent in one-layer models; A, B, b are 0 without an MLP. */
export interface Norms {
  /** max over classes of ‖E[s] + P[r]‖ */
  R0: number;
  U: number;
  V1: number[];
  /** ‖s K_hᵀ Q_h‖ */
  KQ1: number[];
  A1: number;
  B1: number;
  /** Euclidean norm of the MLP's bias. */
  b1: number;
  V2?: number[];
  KQ2?: number[];
  A2?: number;
  B2?: number;
  b2?: number;
}

/** Operator 2-norms by singular values, float64. */
export function normsOf(model: AnyModel, tables: ClassTables): Norms {
  const { config } = model;
  const R0 = Math.max(...tables.embedding.map(y => Math.hypot(...y)));
  const U = operatorNorm(matrixOf(model, 'unembed', config.outputs));
  const first = layerNorms(model, 0);
  const norms: Norms = {
    R0,
    U,
    V1: first.V,
    KQ1: first.KQ,
    A1: first.A,
    B1: first.B,
    b1: first.b,
  };
  if (config.layers === 1) return norms;
  const second = layerNorms(model, 1);
  return { ...norms, V2: second.V, KQ2: second.KQ, A2: second.A, B2: second.B, b2: second.b };
}

function layerNorms(model: AnyModel, l: number) {
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
