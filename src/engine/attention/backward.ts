import { rowsOfLane } from '../../shared/attention-variants.ts';
import { type Dispatch, inOrder } from '../dispatch.ts';
import type { Memory } from '../memory.ts';
import { ANY_LANES, LANES, queryTiles } from './forward.ts';
import {
  type AttentionBackward,
  type AttentionForward,
  type AttentionInputs,
  type AttentionShape,
  isKeyed,
  isShared,
  type RowTensor,
} from './inputs.ts';
import { run, traitsOf } from './kernels.ts';
import { attentionUniform, inMatrices, type Read, rowsOfHeads } from './places.ts';
import { runTiles, type Tiles } from './tiles.ts';

/** What the kernels of a backward pass write. */
interface Written {
  gradQueries: GPUBuffer;
  gradKeys: GPUBuffer;
  gradValues: GPUBuffer;
  /** For the gradients of φ and log_scale: parameters_backward.wgsl. */
  gradScores: GPUBuffer;
}

function allocate(memory: Memory, shape: AttentionShape, inputs: AttentionInputs, keyHeads: number): Written {
  const { model, keyWidth, valueWidth } = shape;
  const { queryRows, keyRows } = inputs;
  const queries = queryRows.replicas * queryRows.rows * model.heads;
  const keys = keyRows.replicas * keyRows.rows * keyHeads;
  return {
    gradQueries: memory.storage('query gradients', queries * keyWidth),
    gradKeys: memory.storage('key gradients', keys * keyWidth),
    gradValues: memory.storage('value gradients', isKeyed(shape, inputs) ? 0 : keys * valueWidth),
    gradScores: memory.storage('score gradients', queries * traitsOf(shape).slots),
  };
}

/** How the kernels of the queries and of the keys run. */
interface Schedule {
  query: 'backwardQueryFused' | 'backwardQueryAny';
  key: 'backwardKeyFused' | 'backwardKeyAny';
  /** Queries and keys of a workgroup, and workgroups to so many heads. */
  queryTile: number;
  keyTile: number;
  queryGroups: { blocks: number; heads: number };
  keyGroups: { blocks: number; heads: number };
  queryConstants: Record<string, number | boolean>;
  keyConstants: Record<string, number | boolean>;
}

/**
 * Gradients of attention by kernels that keep `most` rows a lane in registers; 0: by those of any width. T = 512, D = 64 on SwiftShader,
 * in processor time, with bounds checks and broadcasts: 1 row 57 ms, 2 rows 37 ms (5 s to compile), 4 rows 29 ms (14 s), any width 325 ms.
 */
export async function backward(
  memory: Memory,
  shape: AttentionShape,
  inputs: AttentionInputs,
  forward: AttentionForward,
  gradMeans: RowTensor,
  gradParameters: { phi: number; logScale: number },
  most: number,
): Promise<AttentionBackward> {
  const unpacked = { ...inputs, grads: gradMeans };
  const { dispatches, read } =
    most > 0 ? await inMatrices(memory, shape, inputs, unpacked) : { dispatches: [], read: unpacked };
  const unit = most > 0 ? 'matrix' : 'vector';
  const schedule = most > 0 ? fused(shape, inputs, most) : anyWidth(shape);
  const { heads } = shape.model;
  const keyHeads = heads / schedule.keyGroups.heads;
  const written = allocate(memory, shape, inputs, keyHeads);
  const steps = await inOrder([
    delta(memory, shape, inputs, forward, gradMeans),
    ...pair(memory, shape, inputs, { read, unit, forward, written, schedule }),
    ...parameters(memory, shape, inputs, written.gradScores, gradParameters),
  ]);
  const gradKeys = rowsOfHeads(written.gradKeys, keyHeads, shape.keyWidth);
  return {
    dispatches: [...dispatches, ...steps],
    gradQueries: rowsOfHeads(written.gradQueries, heads, shape.keyWidth),
    gradKeys,
    gradValues: isKeyed(shape, inputs) ? gradKeys : rowsOfHeads(written.gradValues, heads, shape.valueWidth),
  };
}

function fused(shape: AttentionShape, inputs: AttentionInputs, most: number): Schedule {
  const queries = queryTiles(shape, inputs, most);
  const keys = rowsOfLane(shape, most);
  const shared = isShared(shape, inputs);
  return {
    query: 'backwardQueryFused',
    key: 'backwardKeyFused',
    queryTile: queries.tile,
    keyTile: keys * LANES,
    queryGroups: { blocks: 1, heads: queries.heads },
    keyGroups: { blocks: 1, heads: shared ? shape.model.heads : 1 },
    queryConstants: queries.constants,
    keyConstants: { ROWS: keys, LANES, BY_HEAD: shared },
  };
}

function anyWidth({ keyWidth, valueWidth }: AttentionShape): Schedule {
  const constants = { LANES: ANY_LANES };
  return {
    query: 'backwardQueryAny',
    key: 'backwardKeyAny',
    queryTile: ANY_LANES,
    keyTile: ANY_LANES,
    queryGroups: { blocks: Math.ceil(keyWidth / 32), heads: 1 },
    keyGroups: { blocks: Math.ceil(Math.max(keyWidth, valueWidth) / 16), heads: 1 },
    queryConstants: constants,
    keyConstants: constants,
  };
}

/** delta of each row into its statistics. */
function delta(
  memory: Memory,
  shape: AttentionShape,
  inputs: AttentionInputs,
  { means, stats }: AttentionForward,
  grads: RowTensor,
): Promise<Dispatch> {
  const { replicas, rows } = inputs.queryRows;
  const attention = attentionUniform(memory, inputs, { ...inputs, grads }, 'vector');
  return run(memory, 'delta', shape, {
    buffers: { attention, means: means.buffer, gradMeans: grads.buffer, stats },
    groups: [Math.ceil((rows * shape.model.heads) / 64), replicas, 1],
  });
}

/** Gradients of the queries, then of the keys and values. */
function pair(
  memory: Memory,
  shape: AttentionShape,
  inputs: AttentionInputs,
  {
    read,
    unit,
    forward,
    written,
    schedule,
  }: {
    read: Read;
    unit: 'matrix' | 'vector';
    forward: AttentionForward;
    written: Written;
    schedule: Schedule;
  },
): Promise<Dispatch[]>[] {
  const { queryRows, keyRows } = inputs;
  const KEYED = isKeyed(shape, inputs);
  const buffers = {
    queryStarts: queryRows.starts,
    keyStarts: keyRows.starts,
    parameters: inputs.parameters.buffer,
    queries: read.queries.buffer,
    keys: read.keys.buffer,
    values: read.values.buffer,
    gradMeans: read.grads!.buffer,
    stats: forward.stats,
    ...written,
  };
  const uniform = (tiles: Tiles) => attentionUniform(memory, inputs, read, unit, { tiles });
  return [
    runTiles(
      memory,
      schedule.query,
      shape,
      inputs,
      { longest: queryRows.longest, tile: schedule.queryTile, ...schedule.queryGroups },
      { buffers, constants: { ...schedule.queryConstants, KEYED } },
      uniform,
    ),
    runTiles(
      memory,
      schedule.key,
      shape,
      inputs,
      { longest: keyRows.longest, tile: schedule.keyTile, ...schedule.keyGroups },
      { buffers, constants: { ...schedule.keyConstants, KEYED } },
      uniform,
    ),
  ];
}

/** Gradients of φ and log_scale, where the rule has them. */
function parameters(
  memory: Memory,
  shape: AttentionShape,
  { queryRows, parameters: { buffer, stride } }: AttentionInputs,
  gradScores: GPUBuffer,
  { phi, logScale }: { phi: number; logScale: number },
): Promise<Dispatch>[] {
  const { slots } = traitsOf(shape);
  if (slots === 0) return [];
  const { replicas, sequences, rows, starts, positions } = queryRows;
  const places = memory.uniform('parameters', Uint32Array.of(rows, sequences, stride, phi, logScale));
  return [
    run(memory, 'parametersBackward', shape, {
      buffers: { places, queryStarts: starts, positions, gradScores, parameters: buffer },
      groups: [shape.model.heads * slots, replicas, 1],
      constants: { LANES: 64 },
    }),
  ];
}
