import backwardKey from '../../shaders/attention_dense_backward_key.wgsl?raw';
import backwardPhi from '../../shaders/attention_dense_backward_phi.wgsl?raw';
import backwardQuery from '../../shaders/attention_dense_backward_query.wgsl?raw';
import forward from '../../shaders/attention_dense_forward.wgsl?raw';
import denseCommon from '../../shaders/common/dense.wgsl?raw';
import { type DenseShape, type DenseVariant, defaultVariant } from '../shared/attention-variants.ts';
import {
  allocateOutputs,
  type DenseGradients,
  type DenseInputs,
  type DenseOutputs,
  denseConstants,
} from './dense-inputs.ts';
import { fusedBackward, fusedForward } from './dense-quad.ts';
import { type Dispatch, dispatchGroups } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { COMMON, compile, type Source, u32 } from './shader.ts';

export type { DenseGradients, DenseInputs, DenseOutputs, DenseShape };

/*
 * Dense causal attention for any continuous keys, at every position: what the linear-time path is checked against, and what
 * `forward --kernel dense` runs. O(T²) time, O(T) memory.
 */

const common: Source = { name: 'common/dense.wgsl', text: denseCommon };
const KERNELS = {
  forward: { name: 'attention_dense_forward.wgsl', text: forward },
  backwardQuery: { name: 'attention_dense_backward_query.wgsl', text: backwardQuery },
  backwardKey: { name: 'attention_dense_backward_key.wgsl', text: backwardKey },
  backwardPhi: { name: 'attention_dense_backward_phi.wgsl', text: backwardPhi },
};

function program(
  gpu: GPUDevice,
  shape: DenseShape,
  kernel: keyof typeof KERNELS,
  variant: DenseVariant,
): Promise<GPUComputePipeline> {
  const quad = variant === 'plain' ? COMMON.quadPlain : COMMON.quad;
  const sources = [common, ...(kernel === 'backwardPhi' ? [COMMON.reduce] : [quad]), KERNELS[kernel]];
  return compile(gpu, kernel, { ...denseConstants(shape), LANES: u32(64) }, sources);
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

const isQuadBroadcast = (variant: DenseVariant) => variant === 'qb-fused' || variant === 'qb-fused-8';

const rowGroups = (length: number) => Math.ceil(length / 64);

/** Dense attention at every position: `means` and `stats`. The variant must support the shape. */
export async function denseAttentionForward(
  memory: Memory,
  shape: DenseShape,
  inputs: DenseInputs,
  variant: DenseVariant = defaultVariant(shape, memory.device.gpu.features),
): Promise<{ dispatches: Dispatch[]; outputs: DenseOutputs }> {
  switch (variant) {
    case 'qb-fused':
      return fusedForward(memory, shape, inputs, 4);
    case 'qb-fused-8':
      return fusedForward(memory, shape, inputs, 8);
    case 'quad':
    case 'plain':
      return streamedForward(memory, shape, inputs, variant);
  }
}

/** One thread a row and 32 columns. */
async function streamedForward(
  memory: Memory,
  shape: DenseShape,
  inputs: DenseInputs,
  variant: DenseVariant,
): Promise<{ dispatches: Dispatch[]; outputs: DenseOutputs }> {
  const { gpu } = memory.device;
  const outputs = allocateOutputs(memory, shape);
  const pipeline = await program(gpu, shape, 'forward', variant);
  const buffers = [
    denseUniform(memory, shape, inputs),
    inputs.buffer,
    inputs.phi,
    outputs.means,
    outputs.stats,
  ];
  const blocks = shape.heads * Math.ceil(shape.valueWidth / 32);
  return {
    dispatches: [dispatchGroups(gpu, pipeline, buffers, rowGroups(shape.length), 1, blocks)],
    outputs,
  };
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
  variant: DenseVariant = defaultVariant(shape, memory.device.gpu.features),
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
  const read = [dense, gradient, inputs.buffer, inputs.phi, stats];
  const phi = await program(gpu, shape, 'backwardPhi', variant);
  const phiDispatch = dispatchGroups(gpu, phi, [...read, rowDot, gradients.phi], heads * (locality + 1), 1);
  if (isQuadBroadcast(variant)) {
    const places = { means, gradMeans };
    const dispatches = await fusedBackward(memory, shape, inputs, stats, places, gradients, rowDot);
    return { dispatches: [...dispatches, phiDispatch], gradients };
  }
  const [query, key] = await Promise.all([
    program(gpu, shape, 'backwardQuery', variant),
    program(gpu, shape, 'backwardKey', variant),
  ]);
  const groups = rowGroups(length);
  const queryBlocks = heads * Math.ceil(keyWidth / 32);
  const keyBlocks = heads * Math.ceil(Math.max(keyWidth, valueWidth) / 16);
  return {
    dispatches: [
      dispatchGroups(gpu, query, [...read, gradients.queries, rowDot], groups, 1, queryBlocks),
      dispatchGroups(gpu, key, [...read, rowDot, gradients.keys, gradients.values], groups, 1, keyBlocks),
      phiDispatch,
    ],
    gradients,
  };
}
