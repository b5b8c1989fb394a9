import flash from '../../shaders/attention_dense_flash.wgsl?raw';
import merge from '../../shaders/attention_dense_merge.wgsl?raw';
import split from '../../shaders/attention_dense_split.wgsl?raw';
import { type DenseShape, firstQuery, queriesOf, SPLIT_KEYS } from '../shared/attention-variants.ts';
import {
  allocateOutputs,
  DENSE,
  type DenseForward,
  type DenseInputs,
  denseConstants,
  denseUniform,
} from './dense-inputs.ts';
import { dispatchGroups } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { compile, type Source, u32 } from './shader.ts';

const FLASH: Source = { name: 'attention_dense_flash.wgsl', text: flash };
const SPLIT: Source = { name: 'attention_dense_split.wgsl', text: split };
const MERGE: Source = { name: 'attention_dense_merge.wgsl', text: merge };

/** Forward pass in workgroup tiles of 64 x 64, for hardware. */
export async function flashForward(
  memory: Memory,
  shape: DenseShape,
  inputs: DenseInputs,
): Promise<DenseForward> {
  const { gpu } = memory.device;
  const outputs = allocateOutputs(memory, shape);
  const pipeline = await compile(gpu, 'attention tiles', denseConstants(shape), [DENSE, FLASH]);
  const dense = denseUniform(memory, shape, inputs);
  const buffers = [dense, inputs.buffer, inputs.phi, outputs.means, outputs.stats];
  const tiles = Math.ceil(queriesOf(shape) / 64);
  const blocks = shape.heads * Math.ceil(shape.valueWidth / 64);
  return { dispatches: [dispatchGroups(gpu, pipeline, buffers, tiles, 1, blocks)], outputs };
}

/** Forward pass of few queries, keys split over workgroups. No rounding to bits. */
export async function splitForward(
  memory: Memory,
  shape: DenseShape,
  inputs: DenseInputs,
): Promise<DenseForward> {
  const { gpu } = memory.device;
  const { heads, length, valueWidth } = shape;
  const constants = { ...denseConstants(shape), KEYS: u32(SPLIT_KEYS), LANES: u32(SPLIT_KEYS / 4) };
  const [one, all] = await Promise.all([
    compile(gpu, 'attention chunks', constants, [DENSE, SPLIT]),
    compile(gpu, 'attention merge', constants, [MERGE]),
  ]);
  const outputs = allocateOutputs(memory, shape);
  const queries = queriesOf(shape);
  const chunks = Math.ceil(length / SPLIT_KEYS);
  const partMeans = memory.storage('chunk means', heads * queries * chunks * valueWidth);
  const partStats = memory.storage('chunk statistics', heads * queries * chunks * 2);
  const dense = denseUniform(memory, shape, inputs);
  const parts = memory.uniform('chunks', Uint32Array.of(length, firstQuery(shape), chunks));
  const read = [dense, inputs.buffer, inputs.phi];
  const columns = Math.ceil(valueWidth / SPLIT_KEYS);
  return {
    dispatches: [
      dispatchGroups(gpu, one, [...read, partMeans, partStats], chunks, queries, heads),
      dispatchGroups(
        gpu,
        all,
        [parts, partMeans, partStats, outputs.means, outputs.stats],
        columns,
        queries,
        heads,
      ),
    ],
    outputs,
  };
}
