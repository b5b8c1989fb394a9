import type { Dispatch } from '../dispatch.ts';
import type { Memory } from '../memory.ts';
import { type AttentionInputs, type AttentionShape, isKeyed, type RowTensor } from './inputs.ts';
import { run } from './kernels.ts';
import { type Tiles, WHOLE } from './tiles.ts';

/** Floats of a mat4x4, which the kernels with rows in registers load at once, and of a vec4, which the others do. */
const MATRIX = 16;
const VECTOR = 4;

/** A rows' tensor of heads side by side, or of one for all of them. */
export function rowsOfHeads(buffer: GPUBuffer, heads: number, width: number): RowTensor {
  return { buffer, at: 0, row: heads * width, head: heads === 1 ? 0 : width };
}

/** The tensors that the kernels read, `grads` being the gradient of the means. */
export interface Read {
  queries: RowTensor;
  keys: RowTensor;
  values: RowTensor;
  grads?: RowTensor;
}

/** What of them lies where kernels that load whole mat4x4 can read it; the rest is copied by `dispatches`, which come first. */
export async function inMatrices(
  memory: Memory,
  shape: AttentionShape,
  inputs: AttentionInputs,
  read: Read,
): Promise<{ dispatches: Dispatch[]; read: Read }> {
  const { keyWidth, valueWidth } = shape;
  const { queryRows, keyRows } = inputs;
  const dispatches: Dispatch[] = [];
  const copied = async (
    tensor: RowTensor,
    width: number,
    { replicas, rows }: { replicas: number; rows: number },
  ) => {
    if ([tensor.at, tensor.row, tensor.head, width].every(floats => floats % MATRIX === 0)) return tensor;
    const heads = tensor.head === 0 ? 1 : shape.model.heads;
    const wide = MATRIX * Math.ceil(width / MATRIX);
    const packed = memory.storage('packed rows', replicas * rows * heads * wide);
    const words = [replicas * rows, heads, tensor.at / VECTOR, tensor.row / VECTOR, tensor.head / VECTOR];
    const stretch = memory.uniform('packed rows', Uint32Array.from(words));
    const groups = Math.ceil((replicas * rows * heads * wide) / VECTOR / 64);
    const x = Math.min(groups, memory.device.adapter.limits.maxComputeWorkgroupsPerDimension!);
    dispatches.push(
      await run(memory, 'pack', shape, {
        buffers: { stretch, source: tensor.buffer, packed },
        groups: [x, Math.ceil(groups / x), 1],
        constants: { IN4: width / VECTOR, OUT4: wide / VECTOR },
      }),
    );
    return rowsOfHeads(packed, heads, wide);
  };
  const queries = await copied(read.queries, keyWidth, queryRows);
  const keys = await copied(read.keys, keyWidth, keyRows);
  const values = isKeyed(shape, inputs) ? keys : await copied(read.values, valueWidth, keyRows);
  const grads = read.grads && (await copied(read.grads, valueWidth, queryRows));
  return { dispatches, read: { queries, keys, values, ...(grads ? { grads } : {}) } };
}

/** The struct `Attention` of parts/tensors.wgsl, for kernels that load `unit` floats at once. */
export function attentionUniform(
  memory: Memory,
  { queryRows, keyRows, parameters }: AttentionInputs,
  { queries, keys, values, grads = queries }: Read,
  unit: 'matrix' | 'vector',
  { tiles = WHOLE, chunks = 0 }: { tiles?: Tiles; chunks?: number } = {},
): GPUBuffer {
  const floats = unit === 'matrix' ? MATRIX : VECTOR;
  const words = ({ at, row, head }: RowTensor, rows: number) => [
    at / floats,
    row / floats,
    head / floats,
    rows,
  ];
  return memory.uniform(
    'attention',
    Uint32Array.from([
      ...words(queries, queryRows.rows),
      ...words(keys, keyRows.rows),
      ...words(values, keyRows.rows),
      ...words(grads, queryRows.rows),
      queryRows.sequences,
      parameters.stride,
      parameters.phi,
      parameters.logScale,
      chunks,
      tiles.first,
      tiles.of,
    ]),
  );
}
