import scores from '../../shaders/attention_dense_scores.wgsl?raw';
import values from '../../shaders/attention_dense_values.wgsl?raw';
import { type DenseShape, firstQuery, queriesOf } from '../shared/attention-variants.ts';
import { allocateOutputs, type DenseForward, type DenseInputs } from './dense-inputs.ts';
import {
  DENSE_NEAR,
  DENSE_QUAD,
  LANES,
  matrices,
  pack,
  partsOf,
  quadConstants,
  quadUniform,
} from './dense-pack.ts';
import { dispatchGroups } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { compile, type Source, u32 } from './shader.ts';

const SCORES: Source = { name: 'attention_dense_scores.wgsl', text: scores };
const VALUES: Source = { name: 'attention_dense_values.wgsl', text: values };

/** Query rows a lane. */
const ROWS = 4;
/** mat4x4 of columns a lane keeps: 64 floats a row. */
const BLOCK = 4;
/** Scores kept at a time: 64 MiB, one panel up to T = 4096. */
const PANEL_FLOATS = 2 ** 24;

/** Heads and rows [first, first + count) of one panel. */
export interface Panel {
  firstHead: number;
  heads: number;
  firstRow: number;
  rows: number;
}

/** Panels of at most `floats` scores, or one tile of rows: all heads together where they fit, else rows of one head at a time. */
export function panelsOf(shape: DenseShape, floats = PANEL_FLOATS): Panel[] {
  const { heads, length } = shape;
  const stride = 4 * Math.ceil(length / 4);
  const first = firstQuery(shape);
  const queries = queriesOf(shape);
  if (heads * queries * stride <= floats) {
    return [{ firstHead: 0, heads, firstRow: first, rows: queries }];
  }
  const tile = ROWS * LANES;
  const most = Math.max(1, Math.floor(floats / stride / tile)) * tile;
  return Array.from({ length: heads }, (_, firstHead) =>
    Array.from({ length: Math.ceil(queries / most) }, (_, p) => {
      const firstRow = first + p * most;
      return { firstHead, heads: 1, firstRow, rows: Math.min(most, length - firstRow) };
    }),
  ).flat();
}

/**
 * Forward pass in three passes over a row: scores and their maximum, then sum and values. Rounds to bits if asked to; compiles two
 * small kernels side by side; memory is bounded by the panels.
 */
export async function threePassForward(
  memory: Memory,
  shape: DenseShape,
  inputs: DenseInputs,
): Promise<DenseForward> {
  const { gpu } = memory.device;
  const constants = {
    ...quadConstants(shape, ROWS),
    BLOCK: u32(Math.min(BLOCK, matrices(shape.valueWidth))),
  };
  const [{ dispatches, buffer, at }, score, value] = await Promise.all([
    pack(memory, inputs.buffer, partsOf(shape, inputs)),
    compile(gpu, 'attention scores', constants, [DENSE_QUAD, DENSE_NEAR, SCORES]),
    compile(gpu, 'attention values', constants, [DENSE_QUAD, VALUES]),
  ]);
  const outputs = allocateOutputs(memory, shape);
  const dense = quadUniform(memory, shape, at, inputs.sharedValues);
  const stride4 = Math.ceil(shape.length / 4);
  const panels = panelsOf(shape);
  const size = Math.max(...panels.map(({ heads, rows }) => heads * rows)) * 4 * stride4;
  const kept = memory.storage('attention scores', size);
  const blocks = Math.ceil(matrices(shape.valueWidth) / BLOCK);
  for (const { firstHead, heads, firstRow, rows } of panels) {
    const panel = memory.uniform('panel', Uint32Array.of(firstRow, rows, firstHead, stride4));
    const tiles = Math.ceil(rows / (ROWS * LANES));
    const read = [dense, panel, buffer];
    dispatches.push(
      dispatchGroups(gpu, score, [...read, inputs.phi, kept, outputs.stats], tiles, 1, heads),
      dispatchGroups(gpu, value, [...read, kept, outputs.means, outputs.stats], tiles, 1, heads * blocks),
    );
  }
  return { dispatches, outputs };
}
