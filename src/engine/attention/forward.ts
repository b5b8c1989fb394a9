import { rowsOfLane, SPLIT_KEYS } from '../../shared/attention-variants.ts';
import type { Memory } from '../memory.ts';
import {
  type AttentionForward,
  type AttentionInputs,
  type AttentionShape,
  isKeyed,
  isShared,
} from './inputs.ts';
import { run } from './kernels.ts';
import { attentionUniform, inMatrices, rowsOfHeads } from './places.ts';

/** Threads of a workgroup with rows in registers: two quads, so that drivers with subgroups of eight fill them. */
export const LANES = 8;
/** Query rows of a workgroup of forward_flash.wgsl. */
const FLASH_ROWS = 64;
/** Threads of a workgroup of the kernels of any width. */
export const ANY_LANES = 32;

/** Workgroups of a kernel with `blocks` of them to `heads` heads and a tile of `tile` of the rows of `longest`. */
export function groupsOf(
  { model }: AttentionShape,
  { queryRows }: AttentionInputs,
  longest: number,
  tile: number,
  { blocks = 1, heads = 1 } = {},
): [number, number, number] {
  const z = (queryRows.sequences * model.heads * blocks) / heads;
  return [Math.ceil(longest / tile), queryRows.replicas, z];
}

/** Room for the means and the statistics of the query rows. */
function allocateOutputs(
  memory: Memory,
  { model, valueWidth }: AttentionShape,
  { queryRows }: AttentionInputs,
) {
  const rows = queryRows.replicas * queryRows.rows * model.heads;
  return {
    means: memory.storage('attention means', rows * valueWidth),
    stats: memory.storage('attention statistics', rows * 4),
  };
}

/** Bindings that every forward kernel has. */
const readBindings = ({ queryRows, keyRows, parameters }: AttentionInputs) => ({
  queryStarts: queryRows.starts,
  keyStarts: keyRows.starts,
  positions: queryRows.positions,
  parameters: parameters.buffer,
});

const buffersOf = ({ queries, keys, values }: Pick<AttentionInputs, 'queries' | 'keys' | 'values'>) => ({
  queries: queries.buffer,
  keys: keys.buffer,
  values: values.buffer,
});

/** How the kernels whose lanes hold queries are tiled: their constants, the queries of a workgroup, and its heads. */
export interface QueryTiles {
  constants: { ROWS: number; LANES: number; BY_HEAD: boolean };
  tile: number;
  heads: number;
}

/**
 * At most `most` rows a lane. Queries of one head: of a query subset no more than a tile of its few queries needs, of whole sequences
 * always as many, so that the tiles of one do not depend on the longest of its pack. Where heads share keys, heads of one query instead if
 * they are as many: fewer rows would share a load.
 */
export function queryTiles(shape: AttentionShape, inputs: AttentionInputs, most: number): QueryTiles {
  const rows = rowsOfLane(shape, most);
  const needed = 2 ** Math.ceil(Math.log2(Math.max(1, inputs.queryRows.longest / LANES)));
  const ROWS = inputs.queryRows === inputs.keyRows ? rows : Math.min(rows, needed);
  const heads = isShared(shape, inputs) ? commonPower(shape.model.heads, rows) : 1;
  if (heads > 1 && heads >= ROWS)
    return { constants: { ROWS: heads, LANES, BY_HEAD: true }, tile: LANES, heads };
  return { constants: { ROWS, LANES, BY_HEAD: false }, tile: ROWS * LANES, heads: 1 };
}

/** The greatest power of two that divides both. */
const commonPower = (a: number, b: number): number => (a | b) & -(a | b);

/** `most` query rows a lane in registers, log-sum-exp streamed. */
export async function fusedForward(
  memory: Memory,
  shape: AttentionShape,
  inputs: AttentionInputs,
  most: number,
): Promise<AttentionForward> {
  const { dispatches, read } = await inMatrices(memory, shape, inputs, inputs);
  const { means, stats } = allocateOutputs(memory, shape, inputs);
  const { constants, tile, heads } = queryTiles(shape, inputs, most);
  const attention = attentionUniform(memory, inputs, read, 'matrix');
  const fused = await run(memory, 'forwardFused', shape, {
    buffers: { attention, ...readBindings(inputs), ...buffersOf(read), means, stats },
    groups: groupsOf(shape, inputs, inputs.queryRows.longest, tile, { heads }),
    constants: { ...constants, KEYED: isKeyed(shape, inputs) },
  });
  return {
    dispatches: [...dispatches, fused],
    means: rowsOfHeads(means, shape.model.heads, shape.valueWidth),
    stats,
  };
}

/** Workgroup tiles of 64 × 64, or any width with a row a thread: no copies. */
export async function vectorForward(
  memory: Memory,
  shape: AttentionShape,
  inputs: AttentionInputs,
  kernel: 'forwardFlash' | 'forwardAny',
): Promise<AttentionForward> {
  const { means, stats } = allocateOutputs(memory, shape, inputs);
  const [tile, block] = kernel === 'forwardFlash' ? [FLASH_ROWS, 64] : [ANY_LANES, 32];
  const attention = attentionUniform(memory, inputs, inputs, 'vector');
  const dispatch = await run(memory, kernel, shape, {
    buffers: { attention, ...readBindings(inputs), ...buffersOf(inputs), means, stats },
    groups: groupsOf(shape, inputs, inputs.queryRows.longest, tile, {
      blocks: Math.ceil(shape.valueWidth / block),
    }),
    constants: { LANES: ANY_LANES },
  });
  return {
    dispatches: [dispatch],
    means: rowsOfHeads(means, shape.model.heads, shape.valueWidth),
    stats,
  };
}

/** Few queries, keys split over workgroups. No rounding to bits. */
export async function splitForward(
  memory: Memory,
  shape: AttentionShape,
  inputs: AttentionInputs,
): Promise<AttentionForward> {
  const { queryRows, keyRows } = inputs;
  const { replicas, rows } = queryRows;
  const { heads } = shape.model;
  const { means, stats } = allocateOutputs(memory, shape, inputs);
  const chunks = Math.ceil(keyRows.longest / SPLIT_KEYS);
  const partMeans = memory.storage('chunk means', replicas * rows * heads * chunks * shape.valueWidth);
  const partStats = memory.storage('chunk statistics', replicas * rows * heads * chunks * 2);
  const attention = attentionUniform(memory, inputs, inputs, 'vector', chunks);
  const constants = { KEYS: SPLIT_KEYS, LANES: SPLIT_KEYS / 4 };
  const [split, merge] = await Promise.all([
    run(memory, 'forwardSplit', shape, {
      buffers: { attention, ...readBindings(inputs), ...buffersOf(inputs), partMeans, partStats },
      groups: groupsOf(shape, inputs, chunks * queryRows.longest, 1),
      constants,
    }),
    run(memory, 'merge', shape, {
      buffers: { attention, positions: queryRows.positions, partMeans, partStats, means, stats },
      groups: [Math.ceil((rows * heads * shape.valueWidth) / 4 / 64), replicas, 1],
      constants,
    }),
  ]);
  return { dispatches: [split, merge], means: rowsOfHeads(means, heads, shape.valueWidth), stats };
}
