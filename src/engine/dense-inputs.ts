import denseCommon from '../../shaders/common/dense.wgsl?raw';
import { type DenseShape, firstQuery } from '../shared/attention-variants.ts';
import type { Dispatch } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { type Constants, f32, type Source, u32 } from './shader.ts';

/**
 * Where the inputs of dense attention lie: queries and keys [H, T, keyWidth] and values [H, T, valueWidth] in one buffer, offsets
 * in floats, multiples of 4. `sharedValues`: all heads read the same values [T, valueWidth]. `phi` [H, τ+1] in a buffer of its own.
 */
export interface DenseInputs {
  buffer: GPUBuffer;
  queries: number;
  keys: number;
  values: number;
  sharedValues: boolean;
  phi: GPUBuffer;
}

/** Attention averages [H, T, valueWidth], and (highest score, 1 / sum) of each row [H, T, 2]. */
export interface DenseOutputs {
  means: GPUBuffer;
  stats: GPUBuffer;
}

/** A forward pass, ready to be submitted. Rows before the first wanted query stay 0. */
export interface DenseForward {
  dispatches: Dispatch[];
  outputs: DenseOutputs;
}

/** Gradients of queries and keys [H, T, keyWidth], values [H, T, valueWidth] and φ [H, τ+1]. */
export interface DenseGradients {
  queries: GPUBuffer;
  keys: GPUBuffer;
  values: GPUBuffer;
  phi: GPUBuffer;
}

/** Room for the outputs. */
export function allocateOutputs(memory: Memory, { heads, length, valueWidth }: DenseShape): DenseOutputs {
  return {
    means: memory.storage('attention means', heads * length * valueWidth),
    stats: memory.storage('attention statistics', heads * length * 2),
  };
}

/** What every dense kernel knows of the shape at compile time. T stays a run-time number. */
export function denseConstants({ keyWidth, valueWidth, locality, attention }: DenseShape): Constants {
  return {
    DK4: u32(keyWidth / 4),
    DV4: u32(valueWidth / 4),
    TAU: u32(locality),
    SCALE: f32(attention.scale),
    FINITE: String(attention.precision === 'finite'),
    BITS: `${attention.precision === 'finite' ? (attention.bits ?? 0) : 0}`,
  };
}

/** What the kernels without mat4x4 loads share. */
export const DENSE: Source = { name: 'common/dense.wgsl', text: denseCommon };

/** The struct `Dense` of common/dense.wgsl. */
export function denseUniform(memory: Memory, shape: DenseShape, inputs: DenseInputs): GPUBuffer {
  const { queries, keys, values, sharedValues } = inputs;
  const valueHead = sharedValues ? 0 : (shape.length * shape.valueWidth) / 4;
  const words = [shape.length, queries / 4, keys / 4, values / 4, valueHead, firstQuery(shape)];
  return memory.uniform('dense attention', Uint32Array.from(words));
}
