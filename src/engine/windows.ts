import type { Memory } from './memory.ts';
import { rowWidths } from './row-widths.ts';
import { batchUniform, type Rows } from './rows.ts';
import type { Weights } from './weights.ts';

/** Positions that one thread of window_counts.wgsl and window_histogram.wgsl walks. */
export const BLOCK = 64;

/**
 * Layer-1 rows of every position of a batch, in windows of `width` positions that reuse the same buffers, so that memory
 * stays bounded whatever T is. Buffers have room for `rows = sequences · width` rows a replica; how
 * many there are depends on the lengths (shaders/window_rows.wgsl).
 */
export interface Windows {
  sequences: number;
  width: number;
  /** One uniform a window, in order of position. */
  uniforms: GPUBuffer[];
  /** `Batch` whose rows are a window's. */
  batch: GPUBuffer;
  rows: number;
  /** First row of each sequence, and the end [replicas, sequences + 1]. */
  rowStarts: GPUBuffer;
  /** Sequence of each row (shaders/common/window.wgsl). */
  owners: GPUBuffer;
  starts: GPUBuffer;
  carry: GPUBuffer;
  positions: GPUBuffer;
  counts: GPUBuffer;
  suffix: GPUBuffer;
  suffixWeight: GPUBuffer;
  state: GPUBuffer;
  /** Layer-2 scores of a window's rows [rows, H_PAD]; weights after query_softmax.wgsl, in a single window the attention. */
  scores: GPUBuffer;
  /** Softmax sums so far [replicas · sequences, H, 4] (query_softmax.wgsl). */
  running: GPUBuffer;
}

/** Positions a window may hold so that its buffers stay below this. */
const WINDOW_BYTES = 128 * 2 ** 20;

/** Bytes that one position of a window takes on the device, gradients left out. */
export function positionBytes({ model }: Pick<Weights, 'model'>): number {
  const { classes, state, headPad } = rowWidths(model);
  const suffix = model.locality + 1;
  return 4 * (2 + (1 + 1 / BLOCK) * classes + suffix + model.heads * suffix + state + headPad);
}

/** Allocates the windows of a batch. `whole` asks for one window over all positions, as the backward pass needs. */
export function allocateWindows(memory: Memory, weights: Weights, rows: Rows, whole: boolean): Windows {
  const { model, replicas } = weights;
  const { classes, state, headPad } = rowWidths(model);
  const sequences = rows.shape.rows;
  const longest = Math.ceil(rows.shape.longest / 4) * 4;
  const fitting = Math.floor(WINDOW_BYTES / (replicas * sequences * positionBytes(weights)) / BLOCK) * BLOCK;
  const width = whole ? longest : Math.min(longest, Math.max(BLOCK, fitting));
  const total = replicas * sequences * width;
  const uniforms: GPUBuffer[] = [];
  for (let first = 0; first < rows.shape.longest; first += width) {
    uniforms.push(
      memory.uniform('window', Uint32Array.of(sequences, width, first, width < longest ? 0 : 1, replicas)),
    );
  }
  const suffix = model.locality + 1;
  const perRow = (label: string, words: number) => memory.storage(label, total * words);
  return {
    sequences,
    width,
    uniforms,
    batch: memory.uniform('window batch', batchUniform({ ...rows.shape, rows: sequences * width })),
    rows: sequences * width,
    rowStarts: memory.storage('row starts', replicas * (sequences + 1)),
    owners: perRow('row owners', 1),
    starts: memory.storage('block counts', replicas * sequences * Math.ceil(width / BLOCK) * classes),
    carry: memory.storage('carried counts', replicas * sequences * classes),
    positions: perRow('positions', 1),
    counts: perRow('position counts', classes),
    suffix: perRow('position suffix', suffix),
    suffixWeight: perRow('position suffix weights', model.heads * suffix),
    state: perRow('state', state),
    scores: perRow('scores', headPad),
    running: memory.storage('running sums', replicas * sequences * model.heads * 4),
  };
}
