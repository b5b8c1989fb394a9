import { contractions, readoutGradients, tableGradients, tablesForward } from './class-pass.ts';
import { type Dispatch, dispatch } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { compilePrograms, type Specialisation } from './programs.ts';
import { allColumns, type Columns, reduction, wholeBatch } from './reduction.ts';
import { rowWidths } from './row-widths.ts';
import type { Rows } from './rows.ts';
import type { View } from './view.ts';
import type { Weights } from './weights.ts';

/** Outputs of every row, the last position of its own sequence, from its tokens: class tables, histogram, read-out. */
export async function oneLayerForward(
  memory: Memory,
  weights: Weights,
  rows: Rows,
  how: Specialisation,
): Promise<Dispatch[]> {
  const { gpu } = memory.device;
  const { buffer, model, replicas } = weights;
  const kernels = ['classHistogram', 'attentionClassForward', 'featuresForward'] as const;
  const programs = await compilePrograms(gpu, kernels, how);
  const { batch, lengths, tokens, counts, suffix, mix, suffixWeight, outputs } = rows;
  const perRow = (pipeline: GPUComputePipeline, buffers: GPUBuffer[], threads = 1) =>
    dispatch(gpu, pipeline, [batch, ...buffers], rows.shape.rows * threads, replicas);
  return [
    ...(await contractions(gpu, weights, tablesForward(weights))),
    perRow(programs.classHistogram, [lengths, tokens, counts, suffix]),
    perRow(programs.attentionClassForward, [buffer, lengths, counts, suffix, mix, suffixWeight], model.heads),
    perRow(programs.featuresForward, [buffer, suffix, mix, outputs]),
  ];
}

/** From output gradients to the gradient of every parameter. */
export async function oneLayerBackward(
  memory: Memory,
  weights: Weights,
  rows: Rows,
  how: Specialisation,
): Promise<Dispatch[]> {
  const { gpu } = memory.device;
  const { model, arena, buffer, replicas } = weights;
  const { heads: H } = model;
  const { classes: C, mixUsed, mixStride, mlpPad, features: F, logitGradients: G } = rowWidths(model);
  const programs = await compilePrograms(gpu, ['featuresBackward', 'attentionClassBackward'], how);
  const perRow = (words: number) => memory.storage('row gradients', replicas * rows.shape.rows * words);
  const [gradFeatures, hidden, gradMix, gradLogits] = [perRow(F), perRow(mlpPad), perRow(H * C), perRow(G)];
  const { batch, lengths, suffix, mix, suffixWeight, gradOutputs } = rows;
  const features = [batch, buffer, suffix, mix, gradOutputs, gradFeatures, hidden, gradMix];
  const attention = [batch, lengths, suffix, mix, suffixWeight, gradMix, gradLogits];
  const batchRows = wholeBatch(memory, rows.shape.rows);
  const reduce = (left: Columns, right: Columns, out: View) =>
    reduction(memory, weights, how, left, right, out, batchRows);
  const mixColumns = { buffer: mix, first: 0, columns: mixUsed, stride: mixStride };
  const queryColumns = { buffer: mix, first: H * C, columns: C, stride: mixStride };
  const dispatches = [
    dispatch(gpu, programs.featuresBackward, features, rows.shape.rows, replicas),
    ...(await reduce(mixColumns, allColumns(gradFeatures, F), arena.gradTables.features)),
    dispatch(gpu, programs.attentionClassBackward, attention, rows.shape.rows * H, replicas),
    ...(await reduce(queryColumns, allColumns(gradLogits, G), arena.gradTables.logitRows)),
  ];
  if (mlpPad > 0) {
    const outputColumns = allColumns(gradOutputs, model.outputs);
    dispatches.push(...(await reduce(outputColumns, allColumns(hidden, mlpPad), arena.gradTables.readout)));
  }
  const ops = [...readoutGradients(weights), ...tableGradients(weights)];
  return [...dispatches, ...(await contractions(gpu, weights, ops))];
}
