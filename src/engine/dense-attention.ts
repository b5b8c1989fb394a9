import backwardKey from '../../shaders/attention_dense_backward_key.wgsl?raw';
import backwardPhi from '../../shaders/attention_dense_backward_phi.wgsl?raw';
import backwardQuery from '../../shaders/attention_dense_backward_query.wgsl?raw';
import forward from '../../shaders/attention_dense_forward.wgsl?raw';
import denseCommon from '../../shaders/common/dense.wgsl?raw';
import type { DenseVariant } from '../shared/attention-variants.ts';
import type { ModelConfig } from '../shared/model-config.ts';
import { type Dispatch, dispatchGroups } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { COMMON, type Constants, compile, f32, type Source, u32 } from './shader.ts';

/*
 * Dense causal attention for any continuous keys, at every position: what the linear-time path is checked against, and what
 * `forward --kernel dense` runs. O(T²) time, O(T) memory.
 */

/** Shape of the heads. Widths are in floats, multiples of 4. */
export interface DenseShape {
  heads: number;
  length: number;
  keyWidth: number;
  valueWidth: number;
  locality: number;
  attention: ModelConfig['attention'];
}

/**
 * Where the inputs lie: queries and keys [H, T, keyWidth] and values [H, T, valueWidth] in one buffer, offsets in floats, multiples of 4.
 * `sharedValues`: all heads read the same values [T, valueWidth]. `phi` [H, τ+1] in a buffer of its own.
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

/** Gradients of queries and keys [H, T, keyWidth], values [H, T, valueWidth] and φ [H, τ+1]. */
export interface DenseGradients {
  queries: GPUBuffer;
  keys: GPUBuffer;
  values: GPUBuffer;
  phi: GPUBuffer;
}

const common: Source = { name: 'common/dense.wgsl', text: denseCommon };
const KERNELS = {
  forward: { name: 'attention_dense_forward.wgsl', text: forward },
  backwardQuery: { name: 'attention_dense_backward_query.wgsl', text: backwardQuery },
  backwardKey: { name: 'attention_dense_backward_key.wgsl', text: backwardKey },
  backwardPhi: { name: 'attention_dense_backward_phi.wgsl', text: backwardPhi },
};

function constantsOf({ keyWidth, valueWidth, locality, attention }: DenseShape): Constants {
  return {
    DK4: u32(keyWidth / 4),
    DV4: u32(valueWidth / 4),
    TAU: u32(locality),
    SCALE: f32(attention.scale),
    FINITE: String(attention.precision === 'finite'),
    BITS: `${attention.precision === 'finite' ? (attention.bits ?? 0) : 0}`,
    LANES: u32(64),
  };
}

function program(
  gpu: GPUDevice,
  shape: DenseShape,
  kernel: keyof typeof KERNELS,
  variant: DenseVariant,
): Promise<GPUComputePipeline> {
  const quad = variant === 'quad' ? COMMON.quad : COMMON.quadPlain;
  const sources = [common, ...(kernel === 'backwardPhi' ? [COMMON.reduce] : [quad]), KERNELS[kernel]];
  return compile(gpu, kernel, constantsOf(shape), sources);
}

function denseUniform(memory: Memory, { length, valueWidth }: DenseShape, inputs: DenseInputs): GPUBuffer {
  const { queries, keys, values, sharedValues } = inputs;
  const words = Uint32Array.of(
    length,
    queries / 4,
    keys / 4,
    values / 4,
    sharedValues ? 0 : (length * valueWidth) / 4,
  );
  return memory.uniform('dense attention', words);
}

const rowGroups = (length: number) => Math.ceil(length / 64);

/** Dense attention at every position: `means` and `stats`. */
export async function denseAttentionForward(
  memory: Memory,
  shape: DenseShape,
  inputs: DenseInputs,
  variant: DenseVariant = 'quad',
): Promise<{ dispatches: Dispatch[]; outputs: DenseOutputs }> {
  const { gpu } = memory.device;
  const { heads, length, valueWidth } = shape;
  const outputs = {
    means: memory.storage('attention means', heads * length * valueWidth),
    stats: memory.storage('attention statistics', heads * length * 2),
  };
  const pipeline = await program(gpu, shape, 'forward', variant);
  const buffers = [
    denseUniform(memory, shape, inputs),
    inputs.buffer,
    inputs.phi,
    outputs.means,
    outputs.stats,
  ];
  const blocks = heads * Math.ceil(valueWidth / 32);
  return { dispatches: [dispatchGroups(gpu, pipeline, buffers, rowGroups(length), 1, blocks)], outputs };
}

/**
 * Gradients of dense attention. `means` and `gradMeans` are float offsets into `inputs.buffer`, where the forward pass's output and its
 * gradient [H, T, valueWidth] have been put.
 */
export async function denseAttentionBackward(
  memory: Memory,
  shape: DenseShape,
  inputs: DenseInputs,
  stats: GPUBuffer,
  { means, gradMeans }: { means: number; gradMeans: number },
  variant: DenseVariant = 'quad',
): Promise<{ dispatches: Dispatch[]; gradients: DenseGradients }> {
  const { gpu } = memory.device;
  const { heads, length, keyWidth, valueWidth, locality } = shape;
  const gradients = {
    queries: memory.storage('query gradients', heads * length * keyWidth),
    keys: memory.storage('key gradients', heads * length * keyWidth),
    values: memory.storage('value gradients', heads * length * valueWidth),
    phi: memory.storage('phi gradients', heads * (locality + 1)),
  };
  const rowDot = memory.storage('row products', heads * length);
  const dense = denseUniform(memory, shape, inputs);
  const gradient = memory.uniform('dense gradients', Uint32Array.of(gradMeans / 4, means / 4));
  const [query, key, phi] = await Promise.all(
    (['backwardQuery', 'backwardKey', 'backwardPhi'] as const).map(kernel =>
      program(gpu, shape, kernel, variant),
    ),
  );
  const read = [dense, gradient, inputs.buffer, inputs.phi, stats];
  const groups = rowGroups(length);
  const keyBlocks = heads * Math.ceil(Math.max(keyWidth, valueWidth) / 16);
  return {
    dispatches: [
      dispatchGroups(
        gpu,
        query!,
        [...read, gradients.queries, rowDot],
        groups,
        1,
        heads * Math.ceil(keyWidth / 32),
      ),
      dispatchGroups(gpu, key!, [...read, rowDot, gradients.keys, gradients.values], groups, 1, keyBlocks),
      dispatchGroups(gpu, phi!, [...read, rowDot, gradients.phi], heads * (locality + 1), 1),
    ],
    gradients,
  };
}
