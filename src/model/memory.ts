import { classCount, type ModelConfig } from '../shared/model-config.ts';
import type { Positions } from '../shared/protocol.ts';
import { layoutOf } from './layout.ts';
import { pathsOf, sharesKeys } from './paths.ts';
import { ruleOf } from './rules/registry.ts';

/*
 * Device memory of training, to leading order: what `plan` prints and cuts packs by. The engine allocates by its own layout
 * (engine/arena.ts, engine/layers/); a test holds the two together.
 */

/** Sequences of a replica's batch, the longest of them, and which of their positions carry a target. */
export interface TrainingShape {
  batch: number;
  length: number;
  positions: Positions;
}

/** Rows of activations and matrices are padded to this many floats. */
const PAD = 16;
/** Rows that are summed at a time into the gradient of a matrix: each has a partial sum of the matrix's size. */
const SUMMED_ROWS = 256;

const pad = (floats: number) => PAD * Math.ceil(floats / PAD);

/** Positions of a sequence that carry a target, at most. */
export function readsOf({ positions, length }: Pick<TrainingShape, 'positions' | 'length'>): number {
  if (positions === 'last') return 1;
  return positions === 'every' ? length : Math.min(positions, length);
}

/** Floats of device memory that one replica takes in training. */
export function trainingFloats(model: ModelConfig, shape: TrainingShape): number {
  const { outputs } = model;
  const { batch, length } = shape;
  const paths = pathsOf(model, shape.positions);
  const dense = paths.filter(path => path === 'dense').length;
  const rows = batch * length;
  const reads = batch * readsOf(shape);
  const drawn = rows * (1 / 4 + 2) + reads * (3 * outputs + 4);
  const parts = [
    ...(paths[0] === 'class' ? [classFloats(model, paths.length > 1 ? rows : reads)] : []),
    ...(paths.at(-1) === 'query' ? [queryFloats(model, batch, rows)] : []),
    ...(paths[0] === 'class' && dense > 0 ? [stateFloats(model, rows)] : []),
    ...(dense > 0 ? [denseFloats(model, dense - 1, rows, reads)] : []),
  ];
  // Weights, their gradients and two moments.
  return 4 * layoutOf(model).stride + drawn + parts.reduce((sum, floats) => sum + floats, 0);
}

/** Attention weights of a class layer's row and the row's own class: what its residual stream is linear in. */
const mixOf = (model: ModelConfig) => (model.heads + 1) * classCount(model);

/** A first layer by class at `rows` positions: tables of classes and their gradients, statistics and gradients of each row. */
function classFloats(model: ModelConfig, rows: number): number {
  const { heads: H, width: D, keyWidth: K, mlpWidth: M, outputs: O, locality } = model;
  const C = classCount(model);
  const mix = mixOf(model);
  const logits = H * (C + locality + 1);
  const tables = mix * (D + M + O) + 2 * H * C * K + 2 * C * logits + O * M;
  const statistics = C + (locality + 1) * (1 + 2 * H);
  const gradients = H * C + logits + 2 * M + O;
  return 2 * tables + rows * (mix + statistics + gradients) + partialSums(rows, mix * M + C * logits);
}

/** A second layer of one query a sequence behind it: what it keeps of each sequence, and scores of each row. */
function queryFloats(model: ModelConfig, sequences: number, rows: number): number {
  const { heads: H, width: D, keyWidth: K, mlpWidth: M, outputs: O } = model;
  const state = M + mixOf(model);
  return 2 * sequences * (state * (1 + 2 * H) + D * (4 + 2 * H) + H * K + 2 * M + O) + 2 * H * rows;
}

/** What brings a class layer's rows into the residual stream of a dense one: the map, and the gradient of each row before it. */
function stateFloats(model: ModelConfig, rows: number): number {
  const state = model.mlpWidth + mixOf(model);
  const map = state * pad(model.width);
  return 2 * map + rows * state + partialSums(rows, map);
}

/**
 * A last dense layer and the `before` others over `rows` positions, its queries at `reads` of them. Each layer has tables of its own and
 * their gradients, and a row of the residual stream; the rest of the rows are shared by all layers.
 */
function denseFloats(model: ModelConfig, before: number, rows: number, reads: number): number {
  const { heads: H, norm, attention, outputs } = model;
  const [D, M] = [pad(model.width), pad(model.mlpWidth)];
  const shared = sharesKeys(model);
  const K = shared ? D : pad(model.keyWidth);
  const norms = norm === 'rms' ? 1 : 0;
  const own = ruleOf(attention)
    .tensors(model)
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const mlp = M > 0 ? 1 : 0;
  const queryTables = D * H * K + H * D * D + 2 * D * M;
  const keyTables = shared ? 0 : D * H * K;
  // Forward and backward in turn: queries and means; statistics; residual rows, pre-activations.
  const perQuery = 2 * H * (K + D) + 4 * H + own + mlp * (2 + 3 * norms) * D + 2 * M;
  const perKey = H * K + (shared ? 0 : H * (K + D)) + 3 * norms * D;
  const perRead = (1 + 1 + 3 * norms) * D + pad(outputs);
  // The last layer's queries have rows of their own unless they are all positions.
  const subset = reads < rows ? perQuery + (2 + norms) * D : 0;
  const whole = reads < rows && before === 0 ? 0 : perQuery;
  return (
    2 * ((before + 1) * (queryTables + keyTables) + D * pad(outputs)) +
    rows * ((before + 3) * D + perKey + whole) +
    reads * (perRead + subset) +
    partialSums(rows, whole > 0 ? queryTables + keyTables : keyTables) +
    (subset > 0 ? partialSums(reads, queryTables) : 0)
  );
}

/** Sums over stretches of rows on their way to the gradient of matrices of so many floats. One stretch needs none. */
function partialSums(rows: number, matrixFloats: number): number {
  const stretches = Math.ceil(rows / SUMMED_ROWS);
  return stretches > 1 ? stretches * matrixFloats : 0;
}
