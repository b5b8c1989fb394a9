import type { ModelConfig } from '../../shared/model-config.ts';
import type { Dispatch } from '../dispatch.ts';
import type { RowSet } from '../row-set.ts';

/**
 * A tensor [rows of a row set][heads][width] of floats, strides in floats, all multiples of 4; `head` is 0 where the heads share rows.
 * Multiples of 16 throughout spare a copy.
 */
export interface RowTensor {
  buffer: GPUBuffer;
  at: number;
  row: number;
  head: number;
}

/** What the kernels of a layer are compiled for: the rule and the encoding by the model, and the floats of a row, multiples of 4. */
export interface AttentionShape {
  model: Pick<ModelConfig, 'heads' | 'period' | 'locality' | 'keyWidth' | 'attention'>;
  keyWidth: number;
  valueWidth: number;
}

/** What one layer's attention reads. */
export interface AttentionInputs {
  /** Without the scale, already turned where the encoding turns them. */
  queries: RowTensor;
  keys: RowTensor;
  values: RowTensor;
  /** The same object as `keyRows`, or a subset of the positions of the same sequences. */
  queryRows: RowSet;
  /** Every position from 1 on: position p of a sequence lies p − 1 rows behind its start. */
  keyRows: RowSet;
  /** Floats: replica r's block begins at r · stride, φ [H, τ+1] and log_scale [H] of the layer at those offsets in it (0 if none). */
  parameters: { buffer: GPUBuffer; stride: number; phi: number; logScale: number };
}

/** Of each query row and head: its mean [valueWidth], and (highest score, 1 / sum, room for delta, position) in `stats`. */
export interface AttentionForward {
  dispatches: Dispatch[];
  means: RowTensor;
  stats: GPUBuffer;
}

/**
 * Gradients [rows][heads][width] of queries, keys and values. Those of shared keys and values are by head, to be summed, unless their
 * `head` is 0 too: then they are summed.
 */
export interface AttentionBackward {
  dispatches: Dispatch[];
  gradQueries: RowTensor;
  gradKeys: RowTensor;
  /** The same object as `gradKeys`, holding the sum of both, where keys and values are the same rows (`isKeyed`). */
  gradValues: RowTensor;
}

/** Whether keys and values are the same rows. */
export function isKeyed(
  { keyWidth, valueWidth }: AttentionShape,
  { keys, values }: AttentionInputs,
): boolean {
  return (
    keyWidth === valueWidth &&
    keys.buffer === values.buffer &&
    keys.at === values.at &&
    keys.row === values.row &&
    keys.head === values.head
  );
}

/** Whether all heads have the same keys, which are their values too. */
export function isShared(shape: AttentionShape, inputs: AttentionInputs): boolean {
  return isKeyed(shape, inputs) && inputs.keys.head === 0;
}
