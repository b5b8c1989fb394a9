import { encodingOf } from '../model/encodings/registry.ts';
import { dot } from '../shared/linear.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { type DenseMap, dense, diagonal, type LinearMap, product, transposed } from './linear-map.ts';
import { operatorNorm } from './operator-norm.ts';

/** Norms of one layer's weights (docs/theory.md §4). Lists are by head. A, B, b are 0 without an MLP. */
export interface LayerNorms {
  V: number[];
  /** ‖s K_hᵀ Q_h‖; under `rope`, which turns it, that of equal positions. */
  KQ: number[];
  A: number;
  B: number;
  /** Euclidean norm of the MLP's bias. */
  b: number;
}

/** Norms of a model's weights (docs/theory.md §4): of the matrices, whatever the rule; gains of the RMS norm are not in them. */
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
    U: operatorNorm(mapOf(model, 'unembed', outputs)),
    layers: Array.from({ length: layers }, (_, l) => layerNorms(model, l)),
  };
}

/** Norms by name, layers counted from 1: `R0`, `U`, `V1`, `KQ1`, `A1`, `B1`, `b1`, `V2`, … (docs/results.md, "What --json prints"). */
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
  const { heads } = model.config;
  const heading = Array.from({ length: heads }, (_, h) => h);
  const mlp = mlpMaps(model, l);
  const biases = inDouble(model.tensors[`layer.${l}.mlp_bias`] ?? new Float64Array(0));
  return {
    V: heading.map(h => operatorNorm(valueMap(model, l, h))),
    KQ: heading.map(h => operatorNorm(logitMap(model, l, h))),
    A: mlp ? operatorNorm(mlp.A) : 0,
    B: mlp ? operatorNorm(mlp.B) : 0,
    b: Math.sqrt(dot(biases, biases)),
  };
}

/** s K_hᵀ Q_h of layer `l` [d, d]: the logit of key y and query y' is yᵀ M y'. */
export function logitMap(model: AnyModel, l: number, h: number): LinearMap {
  const { keyWidth, attention } = model.config;
  const key = mapOf(model, `layer.${l}.key`, keyWidth, h);
  const query = mapOf(model, `layer.${l}.query`, keyWidth, h);
  const scale = new Float64Array(keyWidth).fill(attention.scale);
  return product(transposed(key), diagonal(scale), query);
}

/** V_h of layer `l` [d, d]. */
export function valueMap(model: AnyModel, l: number, h: number): DenseMap {
  return mapOf(model, `layer.${l}.value`, model.config.width, h);
}

/** A [m, d] and B [d, m] of layer `l`'s MLP; undefined where there is none. */
export function mlpMaps({ config, tensors }: AnyModel, l: number): { A: DenseMap; B: DenseMap } | undefined {
  const { width, mlpWidth } = config;
  if (mlpWidth === 0) return undefined;
  return {
    A: dense(inDouble(tensors[`layer.${l}.mlp_in`]!), mlpWidth, width),
    B: dense(inDouble(tensors[`layer.${l}.mlp_out`]!), width, mlpWidth),
  };
}

/** Rows of a tensor with d columns, from head `h` on. */
export function mapOf({ config, tensors }: AnyModel, name: string, rows: number, h = 0): DenseMap {
  const size = rows * config.width;
  return dense(inDouble(tensors[name]!.subarray(h * size, (h + 1) * size)), rows, config.width);
}

function inDouble(values: Float32Array | Float64Array): Float64Array {
  return values instanceof Float64Array ? values : Float64Array.from(values);
}
