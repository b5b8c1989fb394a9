import backwardKey from '../../shaders/attention_dense_backward_key.wgsl?raw';
import backwardPhi from '../../shaders/attention_dense_backward_phi.wgsl?raw';
import backwardQuery from '../../shaders/attention_dense_backward_query.wgsl?raw';
import forward from '../../shaders/attention_dense_forward.wgsl?raw';
import {
  type DenseShape,
  type DenseVariant,
  defaultVariant,
  fitsRegisters,
  queriesOf,
} from '../shared/attention-variants.ts';
import { fusedBackward, fusedForward } from './dense-fused.ts';
import {
  allocateOutputs,
  DENSE,
  type DenseForward,
  type DenseGradients,
  type DenseInputs,
  type DenseOutputs,
  denseConstants,
  denseUniform,
} from './dense-inputs.ts';
import { threePassForward } from './dense-panels.ts';
import { flashForward, splitForward } from './dense-tiles.ts';
import { type Dispatch, dispatchGroups } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { COMMON, compile, u32 } from './shader.ts';

export type { DenseGradients, DenseInputs, DenseOutputs, DenseShape };

/*
 * Dense causal attention for any continuous keys, at every position: what the linear-time path is checked against, and what
 * `forward --kernel dense` runs. O(T²) time, O(T) memory.
 */

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
  const sources = [DENSE, ...(kernel === 'backwardPhi' ? [COMMON.reduce] : [quad]), KERNELS[kernel]];
  return compile(gpu, kernel, { ...denseConstants(shape), LANES: u32(64) }, sources);
}

/**
 * Rows a lane of the backward kernels with rows in registers; 0: one thread a row and block of columns. T = 512, D = 64 on
 * SwiftShader, in processor time: 1 row 57 ms, 2 rows 37 ms (5 s to compile), 4 rows 29 ms (14 s), one thread a row 325 ms.
 */
function backwardRows(variant: DenseVariant, shape: DenseShape, features: ReadonlySet<string>): number {
  if (variant === 'quad' || variant === 'plain') return 0;
  if (!fitsRegisters(shape) || !features.has('subgroups')) return 0;
  return variant === 'qb-fused-8' ? 4 : 2;
}

const rowGroups = (length: number) => Math.ceil(length / 64);

/** Dense attention at every position: `means` and `stats`. The variant must support the shape. */
export async function denseAttentionForward(
  memory: Memory,
  shape: DenseShape,
  inputs: DenseInputs,
  variant: DenseVariant = defaultVariant(shape, memory.device.adapter),
): Promise<DenseForward> {
  switch (variant) {
    case 'qb-fused':
      return fusedForward(memory, shape, inputs, 4);
    case 'qb-fused-8':
      return fusedForward(memory, shape, inputs, 8);
    case 'qb-3pass':
      return threePassForward(memory, shape, inputs);
    case 'flash-wg':
      return flashForward(memory, shape, inputs);
    case 'split-k':
      return splitForward(memory, shape, inputs);
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
): Promise<DenseForward> {
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
    dispatches: [dispatchGroups(gpu, pipeline, buffers, rowGroups(queriesOf(shape)), 1, blocks)],
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
  variant: DenseVariant = defaultVariant(shape, memory.device.adapter),
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
  const phi = program(gpu, shape, 'backwardPhi', variant);
  const phiDispatch = async () =>
    dispatchGroups(gpu, await phi, [...read, rowDot, gradients.phi], heads * (locality + 1), 1);
  const rows = backwardRows(variant, shape, gpu.features);
  if (rows > 0) {
    const places = { means, gradMeans };
    const dispatches = await fusedBackward(memory, shape, inputs, stats, places, gradients, rowDot, rows);
    return { dispatches: [...dispatches, await phiDispatch()], gradients };
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
      await phiDispatch(),
    ],
    gradients,
  };
}
