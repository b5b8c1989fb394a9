import type { Batch } from '../batch.ts';
import { contraction } from '../contraction.ts';
import type { Dispatch } from '../dispatch.ts';
import { BLOCK, inOrder, type Kernels } from '../kernels.ts';
import { allColumns, byReplica, type Columns, segmentedOuter } from '../outer.ts';
import type { RowSet } from '../row-set.ts';
import { type RowWidths, rowWidths } from '../row-widths.ts';
import type { Adjoint } from './adjoint.ts';
import { classForward, tablesByClass } from './class-equations.ts';
import { phiGradients } from './class-tables.ts';

/**
 * A first layer by class (docs/theory.md §2) at some rows: the sufficient statistics of each, attention over classes, and the mix row
 * in which the residual stream is linear. Where another layer follows, mix rows are part of state rows (shaders/common/legend.wgsl, Z).
 */
export interface ClassRows {
  rows: RowSet;
  /** u32 [rows, C] and [rows, τ+1] */
  counts: GPUBuffer;
  suffix: GPUBuffer;
  /** [rows, mixStride] */
  mix: GPUBuffer;
  /** [rows, H, τ+1] */
  suffixWeight: GPUBuffer;
}

/** Words that a row takes. */
export function classRowWords(widths: RowWidths, heads: number, locality: number): number {
  return widths.classes + (locality + 1) * (1 + heads) + widths.mixStride;
}

/** Allocates what the class layer keeps of some rows. */
export function allocateClassRows({ memory, weights: { model } }: Kernels, rows: RowSet): ClassRows {
  const { classes, mixStride } = rowWidths(model);
  const suffix = model.locality + 1;
  const perRow = (label: string, words: number) => memory.storage(label, rows.replicas * rows.rows * words);
  return {
    rows,
    counts: perRow('counts', classes),
    suffix: perRow('suffix', suffix),
    mix: perRow('mix', mixStride),
    suffixWeight: perRow('suffix weights', model.heads * suffix),
  };
}

/** Statistics of the rows that a batch reads: one walk over each sequence. */
export function histogramOfReads(kernels: Kernels, batch: Batch, own: ClassRows): Promise<Dispatch> {
  const { space, starts, positions, sequences } = own.rows;
  const { counts, suffix } = own;
  const buffers = { batch: batch.batch, space, starts, positions, tokens: batch.tokens, counts, suffix };
  return kernels.run('classHistogram', buffers, { threads: sequences });
}

/** Running counts between the chunks of a batch. */
export interface RunningCounts {
  starts: GPUBuffer;
  carry: GPUBuffer;
}

/** Allocates running counts. */
export function allocateRunningCounts(
  { memory, weights: { model } }: Kernels,
  { chunks }: Batch,
): RunningCounts {
  const { classes } = rowWidths(model);
  const { replicas, sequences } = chunks.rows;
  const blocks = Math.ceil(chunks.width / BLOCK);
  return {
    starts: memory.storage('block counts', replicas * sequences * blocks * classes),
    carry: memory.storage('carried counts', replicas * sequences * classes),
  };
}

/** Statistics of every position of a chunk, whose rows chunkPass (chunks.ts) has laid out. */
export function histogramOfChunk(
  kernels: Kernels,
  { batch, tokens, lengths, chunks }: Batch,
  chunk: GPUBuffer,
  own: ClassRows,
  { starts, carry }: RunningCounts,
): Promise<Dispatch[]> {
  const { classes } = rowWidths(kernels.weights.model);
  const { rows, width, uniforms } = chunks;
  const blocks = rows.sequences * Math.ceil(width / BLOCK);
  const { counts, suffix } = own;
  // A first chunk of one block starts from counts of 0, which is what a fresh buffer holds.
  const running =
    uniforms.length === 1 && width <= BLOCK
      ? []
      : [
          kernels.run('chunkCounts', { batch, chunk, lengths, tokens, starts }, { threads: blocks }),
          kernels.run('chunkScan', { chunk, starts, carry }, { threads: rows.sequences * classes }),
        ];
  const histogram = { batch, chunk, lengths, tokens, starts, rowStarts: rows.starts, counts, suffix };
  return inOrder([...running, kernels.run('chunkHistogram', histogram, { threads: blocks })]);
}

/** Attention over classes, from the statistics. */
export function classAttention(kernels: Kernels, own: ClassRows): Promise<Dispatch> {
  const { buffer: arena, model } = kernels.weights;
  const { rows, counts, suffix, mix, suffixWeight } = own;
  const { space, positions } = rows;
  const buffers = { space, arena, positions, counts, suffix, mix, suffixWeight };
  return kernels.run('attentionClassForward', buffers, { threads: rows.rows * model.heads });
}

/** Hidden units of the layer, behind which another layer follows: the rest of its state rows. */
export function classHidden(kernels: Kernels, { rows, suffix, mix }: ClassRows): Promise<Dispatch> {
  const { space } = rows;
  const buffers = { space, arena: kernels.weights.buffer, suffix, state: mix };
  return kernels.run('hiddenForward', buffers, { threads: rows.rows });
}

/** Columns of the mix part of a layer's rows. */
function mixColumns(kernels: Kernels, { mix }: ClassRows, first: number, columns: number): Columns {
  const { mixAt, mixStride } = rowWidths(kernels.weights.model);
  return { buffer: mix, first: mixAt + first, columns, stride: mixStride };
}

/** The gradient of the feature table, from that of the features of every row [rows, F]. */
export async function featureGradients(
  kernels: Kernels,
  own: ClassRows,
  gradFeatures: Columns,
): Promise<Dispatch[]> {
  if (gradFeatures.columns === 0) return [];
  const { arena, model } = kernels.weights;
  const mix = mixColumns(kernels, own, 0, rowWidths(model).mixUsed);
  const out = arena.gradientOf(tablesByClass(kernels.weights).features);
  return segmentedOuter(kernels, mix, gradFeatures, out, byReplica(own.rows));
}

/**
 * The way back: from the gradients of the mix [rows, H·C] to those of every parameter of the layer. The gradients of the feature table,
 * and of other tables that depend on these parameters, must be complete, the latter given to the adjoint.
 */
export async function classBackward(
  kernels: Kernels,
  adjoint: Adjoint,
  own: ClassRows,
  gradMix: GPUBuffer,
): Promise<Dispatch[]> {
  const { memory, weights } = kernels;
  const { model, arena } = weights;
  const { classes: C, logitGradients: G } = rowWidths(model);
  const { rows, suffix, suffixWeight, mix } = own;
  const { space, positions } = rows;
  const tables = tablesByClass(weights);
  const gradLogits = memory.storage('logit gradients', rows.replicas * rows.rows * G);
  const queries = mixColumns(kernels, own, model.heads * C, C);
  const logitRows = arena.gradientOf(tables.logitRows);
  const back = { space, positions, suffix, mix, suffixWeight, gradMix, gradLogits };
  return inOrder([
    kernels.run('attentionClassBackward', back, { threads: rows.rows * model.heads }),
    segmentedOuter(kernels, queries, allColumns(gradLogits, G), logitRows, byReplica(rows)),
    kernels.contract([
      ...adjoint.of(classForward(weights)),
      contraction(
        'qht->ht',
        [phiGradients(model, logitRows)],
        arena.gradientOf(arena.parameter('layer.0.phi')),
      ),
    ]),
  ]);
}
