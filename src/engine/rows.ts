import type { ModelConfig } from '../shared/model-config.ts';
import { rowWidths } from './arena.ts';
import type { Memory } from './memory.ts';

/** How a batch of rows is drawn: the uniform `Batch` of shaders/common/legend.wgsl. */
export interface BatchShape {
  /** Rows a replica. */
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

/** The buffers of a batch: `replicas · rows` rows. Gradient buffers are there only when asked for. */
export interface Rows {
  shape: BatchShape;
  replicas: number;
  batch: GPUBuffer;
  lengths: GPUBuffer;
  tokens: GPUBuffer;
  targets: GPUBuffer;
  counts: GPUBuffer;
  suffix: GPUBuffer;
  mix: GPUBuffer;
  suffixWeight: GPUBuffer;
  outputs: GPUBuffer;
  losses: GPUBuffer;
  gradOutputs: GPUBuffer;
  backward: RowGradients | undefined;
}

/** What only the backward pass needs. */
export interface RowGradients {
  gradFeatures: GPUBuffer;
  hidden: GPUBuffer;
  gradMix: GPUBuffer;
  gradLogits: GPUBuffer;
}

/** 32-bit words that hold `length` tokens. */
export function tokenWords(length: number): number {
  return Math.ceil(length / 4);
}

/** Bytes a row of `allocateRows` without gradients takes. */
export function rowBytes(model: ModelConfig, longest: number): number {
  const { classes, mix } = rowWidths(model);
  const suffix = model.locality + 1;
  return 4 * (tokenWords(longest) + classes + suffix + mix + model.heads * suffix + 3 * model.outputs + 2);
}

/** The uniform's bytes for a batch. */
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
export function allocateRows(
  memory: Memory,
  model: ModelConfig,
  replicas: number,
  shape: BatchShape,
  gradients: boolean,
): Rows {
  const { classes, mlpPad, features, mix, logitGradients } = rowWidths(model);
  const suffix = model.locality + 1;
  const total = replicas * shape.rows;
  const perRow = (label: string, words: number) => memory.storage(label, total * words);
  return {
    shape,
    replicas,
    batch: memory.uniform('batch', batchUniform(shape)),
    lengths: perRow('lengths', 1),
    tokens: perRow('tokens', tokenWords(shape.longest)),
    targets: perRow('targets', model.outputs),
    counts: perRow('counts', classes),
    suffix: perRow('suffix', suffix),
    mix: perRow('mix', mix),
    suffixWeight: perRow('suffix weights', model.heads * suffix),
    outputs: perRow('outputs', model.outputs),
    losses: perRow('losses', 1),
    gradOutputs: perRow('output gradients', model.outputs),
    backward: gradients
      ? {
          gradFeatures: perRow('feature gradients', features),
          hidden: perRow('hidden', mlpPad),
          gradMix: perRow('mix gradients', model.heads * classes),
          gradLogits: perRow('logit gradients', logitGradients),
        }
      : undefined,
  };
}
