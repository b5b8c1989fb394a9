import type { ModelConfig } from '../shared/model-config.ts';
import { type Arena, rowWidths, splitFirst, type View } from './arena.ts';
import { type Contraction, type ContractionOptions, contraction } from './contraction.ts';
import { type Dispatch, dispatch } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { compileContraction, type Programs } from './programs.ts';
import type { Rows } from './rows.ts';

/** Kernels of the forward pass, and those that the backward pass adds. */
export const FORWARD_KERNELS = ['classHistogram', 'attentionClassForward', 'featuresForward'] as const;
export const BACKWARD_KERNELS = ['featuresBackward', 'attentionClassBackward', 'reduceRows', 'loss'] as const;

type Forward = Programs<(typeof FORWARD_KERNELS)[number]>;
type Backward = Programs<(typeof FORWARD_KERNELS)[number] | (typeof BACKWARD_KERNELS)[number]>;

/** A one-layer model's weights on the device: `replicas` blocks of the arena. */
export interface Weights {
  model: ModelConfig;
  arena: Arena;
  buffer: GPUBuffer;
  replicas: number;
}

/**
 * The class tables of every replica from its weights (theory.md §§1-2): embeddings, logits, and the feature table in
 * which value, MLP and read-out matrices are multiplied out (shaders/features_forward.wgsl).
 */
export function tablesForward(gpu: GPUDevice, weights: Weights): Promise<Dispatch[]> {
  const { model, arena } = weights;
  const { parameter: p, tables: t } = arena;
  const classes = splitFirst(t.embedding, model.vocabulary, model.period);
  const ops = [
    contraction('xd->xrd', [p('embed')], classes),
    contraction('rd->xrd', [p('position')], classes, { accumulate: true }),
    contraction('cd,hkd->hck', [t.embedding, p('layer.0.key')], t.keys),
    contraction('cd,hkd->hck', [t.embedding, p('layer.0.query')], t.queries),
    contraction('hqk,hck->hqc', [t.queries, t.keys], t.logits, { scale: model.attention.scale }),
    contraction('cd,hed->hce', [t.embedding, p('layer.0.value')], t.values),
    contraction('hce,oe->hco', [t.values, p('unembed')], t.attendedDirect),
    contraction('cd,od->co', [t.embedding, p('unembed')], t.residualDirect),
  ];
  if (model.mlpWidth > 0) {
    ops.push(
      contraction('hce,me->hcm', [t.values, p('layer.0.mlp_in')], t.attendedHidden),
      contraction('cd,md->cm', [t.embedding, p('layer.0.mlp_in')], t.residualHidden),
      contraction('m->cm', [p('layer.0.mlp_bias')], t.residualHidden, { accumulate: true }),
      contraction('od,dm->om', [p('unembed'), p('layer.0.mlp_out')], t.readout),
    );
  }
  return contractions(gpu, weights, ops);
}

/** Outputs of every row, the last position of its own sequence, from its tokens. Needs the class tables. */
export function rowsForward(memory: Memory, programs: Forward, weights: Weights, rows: Rows): Dispatch[] {
  const { batch, lengths, tokens, counts, suffix } = rows;
  const buffers = [batch, lengths, tokens, counts, suffix];
  return [
    dispatch(memory.device.gpu, programs.classHistogram, buffers, rows.shape.rows, weights.replicas),
    ...rowsReadout(memory, programs, weights, rows),
  ];
}

/** Outputs of every row from its class histogram and suffix. */
export function rowsReadout(memory: Memory, programs: Forward, weights: Weights, rows: Rows): Dispatch[] {
  const { gpu } = memory.device;
  const { replicas, buffer, model } = weights;
  const { batch, lengths, counts, suffix, mix, suffixWeight, outputs } = rows;
  const attention = [batch, buffer, lengths, counts, suffix, mix, suffixWeight];
  const readout = [batch, buffer, suffix, mix, outputs];
  return [
    dispatch(gpu, programs.attentionClassForward, attention, rows.shape.rows * model.heads, replicas),
    dispatch(gpu, programs.featuresForward, readout, rows.shape.rows, replicas),
  ];
}

/** Loss of every row and its gradient with respect to the outputs. */
export function rowsLoss(memory: Memory, programs: Programs<'loss'>, rows: Rows): Dispatch[] {
  const { batch, outputs, targets, losses, gradOutputs } = rows;
  const buffers = [batch, outputs, targets, losses, gradOutputs];
  return [dispatch(memory.device.gpu, programs.loss, buffers, rows.shape.rows, rows.replicas)];
}

/** From output gradients to the gradient of every parameter. */
export async function backward(memory: Memory, programs: Backward, weights: Weights, rows: Rows): Promise<Dispatch[]> {
  const { gpu } = memory.device;
  const { model, arena } = weights;
  const { heads: H } = model;
  const { classes: C, mlpPad, features: F, mix: X, logitGradients: G } = rowWidths(model);
  if (!rows.backward) throw new Error('these rows were allocated without gradients');
  const { gradFeatures, hidden, gradMix, gradLogits } = rows.backward;
  const { batch, lengths, suffix, mix, suffixWeight, gradOutputs } = rows;
  const perRow = (pipeline: GPUComputePipeline, buffers: GPUBuffer[], threadsPerRow = 1) =>
    dispatch(gpu, pipeline, [batch, ...buffers], rows.shape.rows * threadsPerRow, weights.replicas);
  /** arena[out] = Σ_rows left ⊗ right; columns and strides in floats. */
  const reduce = (
    left: { buffer: GPUBuffer; first: number; columns: number; stride: number },
    right: { buffer: GPUBuffer; first: number; columns: number; stride: number },
    out: View,
  ) => {
    const shape = Uint32Array.of(
      left.columns,
      left.stride,
      left.first,
      right.columns / 4,
      right.stride / 4,
      right.first / 4,
      out.offset,
      out.strides[0]! / 4,
    );
    const buffers = [batch, memory.uniform('reduction', shape), left.buffer, right.buffer, weights.buffer];
    const threads = Math.ceil(left.columns / 4) * (right.columns / 4);
    return dispatch(gpu, programs.reduceRows, buffers, threads, weights.replicas);
  };
  const mixColumns = { buffer: mix, first: 0, columns: H * C + C, stride: X };
  const queryColumns = { buffer: mix, first: H * C, columns: C, stride: X };
  const outputColumns = { buffer: gradOutputs, first: 0, columns: model.outputs, stride: model.outputs };
  const all = (buffer: GPUBuffer, columns: number) => ({ buffer, first: 0, columns, stride: columns });
  const dispatches = [
    perRow(programs.featuresBackward, [weights.buffer, suffix, mix, gradOutputs, gradFeatures, hidden, gradMix]),
    reduce(mixColumns, all(gradFeatures, F), arena.gradTables.features),
    perRow(programs.attentionClassBackward, [lengths, suffix, mix, suffixWeight, gradMix, gradLogits], H),
    reduce(queryColumns, all(gradLogits, G), arena.gradTables.logitRows),
  ];
  if (mlpPad > 0) dispatches.push(reduce(outputColumns, all(hidden, mlpPad), arena.gradTables.readout));
  return [...dispatches, ...(await contractions(gpu, weights, tableGradients(model, arena)))];
}

/** From gradients of the class tables to gradients of the parameters: every line of `tablesForward` reversed. */
function tableGradients(model: ModelConfig, arena: Arena): Contraction[] {
  const { parameter: p, gradient: g, tables: t, gradTables: gt } = arena;
  const { heads: H, locality } = model;
  const { classes: C, logitGradients: G } = rowWidths(model);
  const scale = { scale: model.attention.scale };
  const add: ContractionOptions = { accumulate: true };
  const rowsByQuery = gt.logitRows.offset;
  const gradLogits: View = { offset: rowsByQuery, sizes: [H, C, C], strides: [C, G, 1] };
  const gradPhi: View = { offset: rowsByQuery + H * C, sizes: [C, H, locality + 1], strides: [G, locality + 1, 1] };
  const gradClasses = splitFirst(gt.embedding, model.vocabulary, model.period);
  const ops = [
    contraction('hco,hce->oe', [gt.attendedDirect, t.values], g('unembed')),
    contraction('co,cd->od', [gt.residualDirect, t.embedding], g('unembed'), add),
    contraction('hco,oe->hce', [gt.attendedDirect, p('unembed')], gt.values),
    contraction('co,od->cd', [gt.residualDirect, p('unembed')], gt.embedding),
  ];
  if (model.mlpWidth > 0) {
    const [mlpIn, mlpOut] = [p('layer.0.mlp_in'), p('layer.0.mlp_out')];
    ops.push(
      contraction('om,dm->od', [gt.readout, mlpOut], g('unembed'), add),
      contraction('om,od->dm', [gt.readout, p('unembed')], g('layer.0.mlp_out')),
      contraction('cm->m', [gt.residualHidden], g('layer.0.mlp_bias')),
      contraction('hcm,hce->me', [gt.attendedHidden, t.values], g('layer.0.mlp_in')),
      contraction('cm,cd->md', [gt.residualHidden, t.embedding], g('layer.0.mlp_in'), add),
      contraction('hcm,me->hce', [gt.attendedHidden, mlpIn], gt.values, add),
      contraction('cm,md->cd', [gt.residualHidden, mlpIn], gt.embedding, add),
    );
  }
  ops.push(
    contraction('hce,cd->hed', [gt.values, t.embedding], g('layer.0.value')),
    contraction('hce,hed->cd', [gt.values, p('layer.0.value')], gt.embedding, add),
    contraction('hqc,hck->hqk', [gradLogits, t.keys], gt.queries, scale),
    contraction('hqc,hqk->hck', [gradLogits, t.queries], gt.keys, scale),
    contraction('hqk,qd->hkd', [gt.queries, t.embedding], g('layer.0.query')),
    contraction('hck,cd->hkd', [gt.keys, t.embedding], g('layer.0.key')),
    contraction('hqk,hkd->qd', [gt.queries, p('layer.0.query')], gt.embedding, add),
    contraction('hck,hkd->cd', [gt.keys, p('layer.0.key')], gt.embedding, add),
    contraction('xrd->xd', [gradClasses], g('embed')),
    contraction('xrd->rd', [gradClasses], g('position')),
    contraction('qht->ht', [gradPhi], g('layer.0.phi')),
  );
  return ops;
}

function contractions(gpu: GPUDevice, weights: Weights, ops: Contraction[]): Promise<Dispatch[]> {
  return Promise.all(
    ops.map(async op => {
      const pipeline = await compileContraction(gpu, weights.arena, op);
      return dispatch(gpu, pipeline, [weights.buffer], op.threads, weights.replicas);
    }),
  );
}
