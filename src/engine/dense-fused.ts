import fused from '../../shaders/attention_dense_fused.wgsl?raw';
import backwardKey from '../../shaders/attention_dense_fused_backward_key.wgsl?raw';
import backwardQuery from '../../shaders/attention_dense_fused_backward_query.wgsl?raw';
import rowDotText from '../../shaders/attention_dense_row_dot.wgsl?raw';
import { type DenseShape, queriesOf } from '../shared/attention-variants.ts';
import { allocateOutputs, type DenseForward, type DenseGradients, type DenseInputs } from './dense-inputs.ts';
import { DENSE_NEAR, DENSE_QUAD, LANES, pack, partsOf, quadConstants, quadUniform } from './dense-pack.ts';
import { type Dispatch, dispatchGroups } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { compile, type Source } from './shader.ts';

/*
 * Dense attention with rows in registers and keys and values broadcast within quads: the fastest known on software adapters.
 */

const FUSED: Source = { name: 'attention_dense_fused.wgsl', text: fused };
const ROW_DOT: Source = { name: 'attention_dense_row_dot.wgsl', text: rowDotText };
const BACKWARD_QUERY: Source = { name: 'attention_dense_fused_backward_query.wgsl', text: backwardQuery };
const BACKWARD_KEY: Source = { name: 'attention_dense_fused_backward_key.wgsl', text: backwardKey };

/** Forward pass, log-sum-exp streamed, `rows` query rows a lane. No rounding to bits. */
export async function fusedForward(
  memory: Memory,
  shape: DenseShape,
  inputs: DenseInputs,
  rows: number,
): Promise<DenseForward> {
  const { gpu } = memory.device;
  const { dispatches, buffer, at } = await pack(memory, inputs.buffer, partsOf(shape, inputs));
  const outputs = allocateOutputs(memory, shape);
  const pipeline = await compile(gpu, 'fused attention', quadConstants(shape, rows), [
    DENSE_QUAD,
    DENSE_NEAR,
    FUSED,
  ]);
  const dense = quadUniform(memory, shape, at, inputs.sharedValues);
  const buffers = [dense, buffer, inputs.phi, outputs.means, outputs.stats];
  const tiles = Math.ceil(queriesOf(shape) / (rows * LANES));
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
  rowsOfLane: number,
): Promise<Dispatch[]> {
  const { gpu } = memory.device;
  const { heads, length, valueWidth } = shape;
  const grad = { from: places.gradMeans, count: heads * length, width: valueWidth };
  const constants = quadConstants(shape, rowsOfLane);
  const [{ dispatches, buffer, at }, dot, query, key] = await Promise.all([
    pack(memory, inputs.buffer, [...partsOf(shape, inputs), grad]),
    compile(gpu, 'row products', { DV4: constants.DV4! }, [ROW_DOT]),
    compile(gpu, 'fused attention, queries backward', constants, [DENSE_QUAD, DENSE_NEAR, BACKWARD_QUERY]),
    compile(gpu, 'fused attention, keys backward', constants, [DENSE_QUAD, BACKWARD_KEY]),
  ]);
  const rows = memory.uniform('rows', Uint32Array.of(heads * length, places.gradMeans / 4, places.means / 4));
  const dense = quadUniform(memory, shape, at, inputs.sharedValues);
  const read = [dense, buffer, inputs.phi, stats, rowDot];
  const tiles = Math.ceil(length / (rowsOfLane * LANES));
  return [
    ...dispatches,
    dispatchGroups(gpu, dot, [rows, inputs.buffer, rowDot], Math.ceil((heads * length) / 64), 1),
    dispatchGroups(gpu, query, [...read, gradients.queries], tiles, 1, heads),
    dispatchGroups(gpu, key, [...read, gradients.keys, gradients.values], tiles, 1, heads),
  ];
}
