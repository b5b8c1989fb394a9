import packRows from '../../shaders/attention_dense_pack.wgsl?raw';
import denseNear from '../../shaders/common/dense_near.wgsl?raw';
import denseQuad from '../../shaders/common/dense_quad.wgsl?raw';
import { type DenseShape, firstQuery } from '../shared/attention-variants.ts';
import { type DenseInputs, denseConstants } from './dense-inputs.ts';
import { type Dispatch, dispatchGroups } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { type Constants, compile, type Source, u32 } from './shader.ts';

/*
 * What the quad-broadcast kernels of dense attention share: rows of whole mat4x4, which a lane loads behind one bounds check.
 */

export const DENSE_QUAD: Source = { name: 'common/dense_quad.wgsl', text: denseQuad, subgroups: true };
export const DENSE_NEAR: Source = { name: 'common/dense_near.wgsl', text: denseNear };
const PACK: Source = { name: 'attention_dense_pack.wgsl', text: packRows };

/** Floats of a mat4x4. */
const MATRIX = 16;
/** Threads of a workgroup: two quads, so that drivers with subgroups of eight fill them. */
export const LANES = 8;

export const matrices = (floats: number) => Math.ceil(floats / MATRIX);

/** Rows that a kernel reads: `count` of `width` floats, from a float offset of the inputs' buffer on. */
export interface Part {
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
export async function pack(memory: Memory, buffer: GPUBuffer, parts: Part[]): Promise<Packed> {
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
export function partsOf({ heads, length, keyWidth, valueWidth }: DenseShape, inputs: DenseInputs): Part[] {
  const { queries, keys, values, sharedValues } = inputs;
  return [
    { from: queries, count: heads * length, width: keyWidth },
    { from: keys, count: heads * length, width: keyWidth },
    { from: values, count: (sharedValues ? 1 : heads) * length, width: valueWidth },
  ];
}

/** The struct `Dense` of common/dense_quad.wgsl. */
export function quadUniform(memory: Memory, shape: DenseShape, at: number[], shared: boolean): GPUBuffer {
  const { length, valueWidth } = shape;
  const [queries, keys, values, grad] = at;
  const valueHead = shared ? 0 : length * matrices(valueWidth);
  return memory.uniform(
    'dense attention',
    Uint32Array.of(length, queries!, keys!, values!, valueHead, firstQuery(shape), grad ?? 0),
  );
}

/** `ROWS` query rows a lane. */
export function quadConstants(shape: DenseShape, rows: number): Constants {
  return {
    ...denseConstants(shape),
    DKM: u32(matrices(shape.keyWidth)),
    DVM: u32(matrices(shape.valueWidth)),
    ROWS: u32(rows),
    LANES: u32(LANES),
  };
}
