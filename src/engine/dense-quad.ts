import fused from '../../shaders/attention_dense_fused.wgsl?raw';
import backwardKey from '../../shaders/attention_dense_fused_backward_key.wgsl?raw';
import backwardQuery from '../../shaders/attention_dense_fused_backward_query.wgsl?raw';
import packRows from '../../shaders/attention_dense_pack.wgsl?raw';
import rowDotText from '../../shaders/attention_dense_row_dot.wgsl?raw';
import denseQuad from '../../shaders/common/dense_quad.wgsl?raw';
import type { DenseShape } from '../shared/attention-variants.ts';
import {
  allocateOutputs,
  type DenseGradients,
  type DenseInputs,
  type DenseOutputs,
  denseConstants,
} from './dense-inputs.ts';
import { type Dispatch, dispatchGroups } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { type Constants, compile, type Source, u32 } from './shader.ts';

/*
 * Dense attention with rows in registers and keys and values broadcast within quads: the fastest known on software adapters.
 */

const COMMON_QUAD: Source = { name: 'common/dense_quad.wgsl', text: denseQuad, subgroups: true };
const FUSED: Source = { name: 'attention_dense_fused.wgsl', text: fused };
const PACK: Source = { name: 'attention_dense_pack.wgsl', text: packRows };
const ROW_DOT: Source = { name: 'attention_dense_row_dot.wgsl', text: rowDotText };
const BACKWARD_QUERY: Source = { name: 'attention_dense_fused_backward_query.wgsl', text: backwardQuery };
const BACKWARD_KEY: Source = { name: 'attention_dense_fused_backward_key.wgsl', text: backwardKey };

/** Floats of a mat4x4, which these kernels load at once. */
const MATRIX = 16;
/** Threads of a workgroup: two quads, so that drivers with subgroups of eight fill them. */
const LANES = 8;
/** Rows a lane of the backward kernels. */
const BACKWARD_ROWS = 4;

const matrices = (floats: number) => Math.ceil(floats / MATRIX);

/** Rows that a kernel reads: `count` of `width` floats, from a float offset of the inputs' buffer on. */
interface Part {
  from: number;
  count: number;
  width: number;
}

/** Dispatches that must come first, and where the parts then lie, offsets in mat4x4. */
interface Packed {
  dispatches: Dispatch[];
  buffer: GPUBuffer;
  at: number[];
}

/** Parts as rows of whole mat4x4: as they stand if they are so already, else copied. */
async function pack(memory: Memory, buffer: GPUBuffer, parts: Part[]): Promise<Packed> {
  if (parts.every(({ from, width }) => from % MATRIX === 0 && width % MATRIX === 0)) {
    return { dispatches: [], buffer, at: parts.map(({ from }) => from / MATRIX) };
  }
  const at: number[] = [];
  let size = 0;
  for (const { count, width } of parts) {
    at.push(size);
    size += count * matrices(width);
  }
  const rows = memory.storage('packed rows', MATRIX * size);
  const { gpu, adapter } = memory.device;
  const dispatches = await Promise.all(
    parts.map(async ({ from, count, width }, i) => {
      const constants = { IN4: u32(width / 4), OUT4: u32(4 * matrices(width)) };
      const pipeline = await compile(gpu, 'pack rows', constants, [PACK]);
      const stretch = memory.uniform('stretch', Uint32Array.of(count, from / 4, 4 * at[i]!));
      const groups = Math.ceil((4 * count * matrices(width)) / 64);
      const x = Math.min(groups, adapter.limits.maxComputeWorkgroupsPerDimension!);
      return dispatchGroups(gpu, pipeline, [stretch, buffer, rows], x, Math.ceil(groups / x));
    }),
  );
  return { dispatches, buffer: rows, at };
}

/** Queries, keys and values. */
function partsOf({ heads, length, keyWidth, valueWidth }: DenseShape, inputs: DenseInputs): Part[] {
  const { queries, keys, values, sharedValues } = inputs;
  return [
    { from: queries, count: heads * length, width: keyWidth },
    { from: keys, count: heads * length, width: keyWidth },
    { from: values, count: (sharedValues ? 1 : heads) * length, width: valueWidth },
  ];
}

/** The struct `Dense` of common/dense_quad.wgsl. */
function uniformOf(memory: Memory, { length, valueWidth }: DenseShape, at: number[], shared: boolean) {
  const [queries, keys, values, grad] = at;
  const valueHead = shared ? 0 : length * matrices(valueWidth);
  return memory.uniform(
    'dense attention',
    Uint32Array.of(length, queries!, keys!, values!, valueHead, grad ?? 0),
  );
}

/** `ROWS` query rows a lane. */
function quadConstants(shape: DenseShape, rows: number): Constants {
  return {
    ...denseConstants(shape),
    DKM: u32(matrices(shape.keyWidth)),
    DVM: u32(matrices(shape.valueWidth)),
    ROWS: u32(rows),
    LANES: u32(LANES),
  };
}

/** Forward pass, log-sum-exp streamed, `rows` query rows a lane. No rounding to bits. */
export async function fusedForward(
  memory: Memory,
  shape: DenseShape,
  inputs: DenseInputs,
  rows: number,
): Promise<{ dispatches: Dispatch[]; outputs: DenseOutputs }> {
  const { gpu } = memory.device;
  const { dispatches, buffer, at } = await pack(memory, inputs.buffer, partsOf(shape, inputs));
  const outputs = allocateOutputs(memory, shape);
  const pipeline = await compile(gpu, 'fused attention', quadConstants(shape, rows), [COMMON_QUAD, FUSED]);
  const dense = uniformOf(memory, shape, at, inputs.sharedValues);
  const buffers = [dense, buffer, inputs.phi, outputs.means, outputs.stats];
  const tiles = Math.ceil(shape.length / (rows * LANES));
  return {
    dispatches: [...dispatches, dispatchGroups(gpu, pipeline, buffers, tiles, 1, shape.heads)],
    outputs,
  };
}

/** Gradients of queries, keys and values, and D of each row for that of φ (`denseAttentionBackward`). Rounds to bits if asked to. */
export async function fusedBackward(
  memory: Memory,
  shape: DenseShape,
  inputs: DenseInputs,
  stats: GPUBuffer,
  places: { means: number; gradMeans: number },
  gradients: Omit<DenseGradients, 'phi'>,
  rowDot: GPUBuffer,
): Promise<Dispatch[]> {
  const { gpu } = memory.device;
  const { heads, length, valueWidth } = shape;
  const grad = { from: places.gradMeans, count: heads * length, width: valueWidth };
  const constants = quadConstants(shape, BACKWARD_ROWS);
  const [{ dispatches, buffer, at }, dot, query, key] = await Promise.all([
    pack(memory, inputs.buffer, [...partsOf(shape, inputs), grad]),
    compile(gpu, 'row products', { DV4: constants.DV4! }, [ROW_DOT]),
    compile(gpu, 'fused attention, queries backward', constants, [COMMON_QUAD, BACKWARD_QUERY]),
    compile(gpu, 'fused attention, keys backward', constants, [COMMON_QUAD, BACKWARD_KEY]),
  ]);
  const rows = memory.uniform('rows', Uint32Array.of(heads * length, places.gradMeans / 4, places.means / 4));
  const dense = uniformOf(memory, shape, at, inputs.sharedValues);
  const read = [dense, buffer, inputs.phi, stats, rowDot];
  const tiles = Math.ceil(length / (BACKWARD_ROWS * LANES));
  return [
    ...dispatches,
    dispatchGroups(gpu, dot, [rows, inputs.buffer, rowDot], Math.ceil((heads * length) / 64), 1),
    dispatchGroups(gpu, query, [...read, gradients.queries], tiles, 1, heads),
    dispatchGroups(gpu, key, [...read, gradients.keys, gradients.values], tiles, 1, heads),
  ];
}
