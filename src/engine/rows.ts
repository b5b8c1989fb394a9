import type { ModelConfig } from '../shared/model-config.ts';
import type { Memory } from './memory.ts';
import { rowWidths } from './row-widths.ts';

/** How a batch of sequences is drawn: the uniform `Batch` of shaders/common/legend.wgsl. */
export interface BatchShape {
  /** Sequences a replica, one row each. */
  rows: number;
  /** Longest sequence of the batch, which decides the space for tokens. */
  longest: number;
  firstSequence?: number;
  /** Sequence length; 0 takes each replica's own training length. */
  length?: number;
  uniformLength?: boolean;
  /** Fixed lengths cycle through length … length + spread − 1. */
  spread?: number;
}

/** The buffers of a batch: `replicas · rows` sequences, each with the row of its last position. */
export interface Rows {
  shape: BatchShape;
  replicas: number;
  batch: GPUBuffer;
  lengths: GPUBuffer;
  tokens: GPUBuffer;
  targets: GPUBuffer;
  counts: GPUBuffer;
  suffix: GPUBuffer;
  /** Mix rows; in two-layer models the whole state rows that hold them. */
  mix: GPUBuffer;
  suffixWeight: GPUBuffer;
  outputs: GPUBuffer;
  losses: GPUBuffer;
  gradOutputs: GPUBuffer;
}

/** 32-bit words that hold `length` tokens. */
export function tokenWords(length: number): number {
  return Math.ceil(length / 4);
}

/** Bytes a sequence of `allocateRows` takes. */
export function rowBytes(model: ModelConfig, longest: number): number {
  const { classes, mixStride } = rowWidths(model);
  const suffix = model.locality + 1;
  return (
    4 * (tokenWords(longest) + classes + suffix + mixStride + model.heads * suffix + 3 * model.outputs + 2)
  );
}

/** The uniform's words for a batch. */
export function batchUniform(shape: BatchShape): Uint32Array<ArrayBuffer> {
  return Uint32Array.of(
    shape.rows,
    tokenWords(shape.longest),
    shape.firstSequence ?? 0,
    shape.length ?? 0,
    shape.uniformLength ? 1 : 0,
    shape.spread ?? 1,
  );
}

/** Allocates the buffers of a batch. */
export function allocateRows(memory: Memory, model: ModelConfig, replicas: number, shape: BatchShape): Rows {
  const { classes, mixStride } = rowWidths(model);
  const suffix = model.locality + 1;
  const perRow = (label: string, words: number) => memory.storage(label, replicas * shape.rows * words);
  return {
    shape,
    replicas,
    batch: memory.uniform('batch', batchUniform(shape)),
    lengths: perRow('lengths', 1),
    tokens: perRow('tokens', tokenWords(shape.longest)),
    targets: perRow('targets', model.outputs),
    counts: perRow('counts', classes),
    suffix: perRow('suffix', suffix),
    mix: perRow('mix', mixStride),
    suffixWeight: perRow('suffix weights', model.heads * suffix),
    outputs: perRow('outputs', model.outputs),
    losses: perRow('losses', 1),
    gradOutputs: perRow('output gradients', model.outputs),
  };
}
