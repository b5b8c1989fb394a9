import { contractions, tableGradients, tablesForward } from './class-pass.ts';
import { type Dispatch, dispatch, dispatchGroups } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { compileElementwise, compilePrograms, type Programs, type Specialisation } from './programs.ts';
import {
  outputBackward,
  outputForward,
  queryBackward,
  queryForward,
  readoutBackward,
  readoutForward,
} from './query-pass.ts';
import { allColumns, type Columns, type Groups, reduction } from './reduction.ts';
import { rowWidths } from './row-widths.ts';
import type { Rows } from './rows.ts';
import type { View } from './view.ts';
import type { Weights } from './weights.ts';
import { allocateWindows, BLOCK, type Windows } from './windows.ts';

const FORWARD = [
  'classHistogram',
  'attentionClassForward',
  'hiddenForward',
  'windowRows',
  'windowCounts',
  'windowScan',
  'windowHistogram',
  'queryLogits',
] as const;

const BACKWARD = ['queryBackward', 'queryPhiBackward', 'hiddenBackward', 'attentionClassBackward'] as const;

/** Sequences up to this long are reduced by few lanes (query_softmax.wgsl). */
const SHORT = 2048;

/** A forward pass that a backward pass can follow. */
export interface TwoLayerForward {
  dispatches: Dispatch[];
  windows: Windows;
}

/** Copies a view that is contiguous per replica between the arena and a row buffer of the same floats. */
async function move(
  weights: Weights,
  view: View,
  buffer: GPUBuffer,
  gpu: GPUDevice,
  toArena: boolean,
): Promise<Dispatch> {
  const { arena, replicas } = weights;
  const count = view.sizes.reduce((a, b) => a * b, 1);
  const inArena = { stride: arena.stride, at: view.offset };
  const inRows = { stride: count, at: 0 };
  const [from, to] = toArena ? [inRows, inArena] : [inArena, inRows];
  const pipeline = await compileElementwise(gpu, arena, 'moveRows', {
    COUNT: count,
    FROM_STRIDE: from.stride,
    FROM_AT: from.at,
    TO_STRIDE: to.stride,
    TO_AT: to.at,
  });
  const buffers = toArena ? [buffer, weights.buffer] : [weights.buffer, buffer];
  return dispatch(gpu, pipeline, buffers, count, replicas);
}

/** ψ over a view of the arena, forward (out = ψ(in)) or backward (out *= ψ'(in)). */
async function activation(
  gpu: GPUDevice,
  weights: Weights,
  kernel: 'activationForward' | 'activationBackward',
  from: View,
  out: View,
): Promise<Dispatch[]> {
  const { arena, model, buffer, replicas } = weights;
  const count = Math.ceil(from.sizes.reduce((a, b) => a * b, 1) / 4) * 4;
  if (count === 0) return [];
  const constants = { COUNT: count, AT_IN: from.offset, AT_OUT: out.offset };
  const pipeline = await compileElementwise(gpu, arena, kernel, constants, model.activation);
  return [dispatch(gpu, pipeline, [buffer], count / 4, replicas)];
}

/** Layer 1 at every position of one window: running histogram, attention over classes, hidden units. */
function windowState(
  gpu: GPUDevice,
  programs: Programs<(typeof FORWARD)[number]>,
  weights: Weights,
  rows: Rows,
  windows: Windows,
  window: GPUBuffer,
): Dispatch[] {
  const { model, buffer, replicas } = weights;
  const { classes } = rowWidths(model);
  const {
    starts,
    carry,
    counts,
    suffix,
    positions,
    suffixWeight,
    state,
    sequences,
    width,
    rowStarts,
    owners,
  } = windows;
  const { lengths, tokens, batch } = rows;
  const blocks = sequences * Math.ceil(width / BLOCK);
  const histogram = [batch, window, lengths, tokens, starts, counts, suffix, positions, rowStarts, owners];
  const attention = [windows.batch, buffer, positions, counts, suffix, state, suffixWeight];
  // A first window of one block starts from counts of 0, which is what a fresh buffer holds.
  const running =
    windows.uniforms.length === 1 && width <= BLOCK
      ? []
      : [
          dispatch(gpu, programs.windowCounts, [batch, window, lengths, tokens, starts], blocks, replicas),
          dispatch(gpu, programs.windowScan, [window, starts, carry], sequences * classes, replicas),
        ];
  return [
    dispatch(gpu, programs.windowRows, [window, lengths, rowStarts], replicas, 1),
    ...running,
    dispatch(gpu, programs.windowHistogram, histogram, blocks, replicas),
    dispatch(gpu, programs.attentionClassForward, attention, windows.rows * model.heads, replicas),
    dispatch(gpu, programs.hiddenForward, [windows.batch, buffer, suffix, state], windows.rows, replicas),
  ];
}

/** The rows of each sequence of a window, and of a replica as a whole. */
function sequenceGroups({ rows, width, sequences, rowStarts }: Windows): Groups {
  const replicaStarts = sequences + 1;
  return { rows, longest: width, groups: sequences, starts: rowStarts, replicaStarts, groupStarts: 1 };
}

function replicaGroups({ rows, sequences, rowStarts }: Windows): Groups {
  const replicaStarts = sequences + 1;
  return { rows, longest: rows, groups: 1, starts: rowStarts, replicaStarts, groupStarts: sequences };
}

/** Dispatches of the attention average, given those that leave a window's state and scores. */
type Average = (layer1: (window: GPUBuffer) => Dispatch[]) => Dispatch[];

/**
 * Layer 2's attention and its average z_mean, window by window with a running maximum and sum, so that memory stays bounded
 * whatever T is. Rounding to p bits needs the highest score first: several windows are then passed through twice.
 */
async function averageState(
  memory: Memory,
  weights: Weights,
  rows: Rows,
  how: Specialisation,
  windows: Windows,
): Promise<Average> {
  const { gpu } = memory.device;
  const { model, replicas, buffer, arena } = weights;
  const { headPad, state: Z } = rowWidths(model);
  const { sequences, uniforms, scores, running } = windows;
  const lanes = rows.shape.longest <= SHORT ? 4 : 64;
  const softmaxOf = async (mode: number) =>
    (await compilePrograms(gpu, ['querySoftmax'], { ...how, lanes, variant: { MODE: mode } })).querySoftmax;
  const rescaleBy = async (factor: number) =>
    (await compilePrograms(gpu, ['queryRescale'], { ...how, variant: { FACTOR: factor } })).queryRescale;
  const [streaming, highest, known] = await Promise.all([0, 1, 2].map(softmaxOf));
  const [byNewest, bySum] = await Promise.all([2, 3].map(rescaleBy));
  const several = uniforms.length > 1;
  const rounds = model.attention.precision === 'finite' && model.attention.bits !== null;

  const softmax = (pipeline: GPUComputePipeline, window: GPUBuffer) =>
    dispatchGroups(
      gpu,
      pipeline,
      [window, rows.lengths, running, scores, windows.rowStarts],
      sequences * model.heads,
      replicas,
    );
  const rescale = (pipeline: GPUComputePipeline, window: GPUBuffer) =>
    dispatch(gpu, pipeline, [window, running, buffer], (sequences * model.heads * Z) / 4, replicas);
  const attention = { buffer: scores, first: 0, columns: model.heads, stride: headPad };
  const bySequence = sequenceGroups(windows);
  const add = (accumulate: boolean) =>
    reduction(
      memory,
      weights,
      how,
      attention,
      allColumns(windows.state, Z),
      arena.sequence!.zMean.whole,
      bySequence,
      accumulate,
    );
  const [first, later] = await Promise.all([add(false), add(true)]);

  return layer1 => {
    const twice = several && rounds;
    const look = twice ? uniforms.flatMap(window => [...layer1(window), softmax(highest!, window)]) : [];
    const sum = uniforms.flatMap((window, w) => [
      ...layer1(window),
      softmax(twice ? known! : streaming!, window),
      ...(w > 0 ? [rescale(byNewest!, window)] : []),
      ...(w > 0 ? later : first),
    ]);
    return [...look, ...sum, ...(several ? [rescale(bySum!, uniforms[0]!)] : [])];
  };
}

/**
 * f(x) of every sequence of a batch in time linear in T: layer 1 through the running class histogram (theory.md §2), layer 2
 * for its one query, in state coordinates.
 */
export async function twoLayerForward(
  memory: Memory,
  weights: Weights,
  rows: Rows,
  how: Specialisation,
  wholeWindow: boolean,
): Promise<TwoLayerForward> {
  const { gpu } = memory.device;
  const { arena, model, buffer, replicas } = weights;
  const { sequence } = arena;
  if (!sequence) throw new Error('this arena has no second layer');
  const programs = await compilePrograms(gpu, FORWARD, how);
  const windows = allocateWindows(memory, weights, rows, wholeWindow);
  const average = await averageState(memory, weights, rows, how, windows);
  const { sequences } = windows;
  const { batch, lengths, tokens, counts, suffix, mix, suffixWeight } = rows;
  const last = [batch, buffer, lengths, counts, suffix, mix, suffixWeight];

  const dispatches = [
    ...(await contractions(gpu, weights, tablesForward(weights))),
    dispatch(gpu, programs.classHistogram, [batch, lengths, tokens, counts, suffix], sequences, replicas),
    dispatch(gpu, programs.attentionClassForward, last, sequences * model.heads, replicas),
    dispatch(gpu, programs.hiddenForward, [batch, buffer, suffix, mix], sequences, replicas),
    await move(weights, sequence.last.whole, mix, gpu, true),
    ...(await contractions(gpu, weights, queryForward(weights))),
  ];
  const layer1 = (window: GPUBuffer) => {
    const { state, scores, owners, positions } = windows;
    const logits = [window, buffer, buffer, lengths, state, owners, positions, scores];
    return [
      ...windowState(gpu, programs, weights, rows, windows, window),
      dispatch(gpu, programs.queryLogits, logits, windows.rows, replicas),
    ];
  };
  dispatches.push(...average(layer1));
  dispatches.push(
    ...(await contractions(gpu, weights, readoutForward(weights))),
    ...(await activation(gpu, weights, 'activationForward', sequence.pre, sequence.hidden)),
    ...(await contractions(gpu, weights, outputForward(weights))),
    await move(weights, sequence.outputs, rows.outputs, gpu, false),
  );
  return { dispatches, windows };
}

/** From output gradients to the gradient of every parameter. Needs a forward pass with one whole window. */
export async function twoLayerBackward(
  memory: Memory,
  weights: Weights,
  rows: Rows,
  how: Specialisation,
  windows: Windows,
): Promise<Dispatch[]> {
  const { gpu } = memory.device;
  const { arena, model, buffer, replicas } = weights;
  const { heads: H } = model;
  const { classes: C, mixUsed, mixAt, mlpPad, state: Z, headPad, logitGradients: G } = rowWidths(model);
  const { sequence, gradSequence, gradTables } = arena;
  if (!sequence || !gradSequence) throw new Error('this arena has no second layer');
  const [window, ...more] = windows.uniforms;
  if (!window || more.length > 0) throw new Error('the backward pass needs one window over all positions');
  const programs = await compilePrograms(gpu, BACKWARD, how);
  const perRow = (words: number) => memory.storage('row gradients', replicas * windows.rows * words);
  const [gradScores, gradHidden, gradMix, gradLogits] = [
    perRow(headPad),
    perRow(mlpPad),
    perRow(H * C),
    perRow(G),
  ];
  const { state, suffix, suffixWeight, positions, scores, owners, rowStarts } = windows;
  const { lengths } = rows;
  const reduce = (left: Columns, right: Columns, out: View, groups = replicaGroups(windows)) =>
    reduction(memory, weights, how, left, right, out, groups);
  const attention = [window, buffer, buffer, lengths, state, scores, gradScores, owners];
  const hidden = [window, buffer, suffix, owners, state, scores, gradScores, gradHidden, gradMix];
  const logits = [windows.batch, positions, suffix, state, suffixWeight, gradMix, gradLogits];
  const stateColumns = (first: number, columns: number): Columns => ({
    buffer: state,
    first: mixAt + first,
    columns,
    stride: Z,
  });
  const scoreColumns = { buffer: gradScores, first: 0, columns: H, stride: headPad };
  return [
    await move(weights, gradSequence.outputs, rows.gradOutputs, gpu, true),
    ...(await contractions(gpu, weights, outputBackward(weights))),
    ...(await activation(gpu, weights, 'activationBackward', sequence.pre, gradSequence.pre)),
    ...(await contractions(gpu, weights, readoutBackward(weights))),
    dispatch(gpu, programs.queryBackward, attention, windows.rows, replicas),
    dispatch(
      gpu,
      programs.queryPhiBackward,
      [window, lengths, gradScores, buffer, rowStarts],
      H * (model.locality + 1),
      replicas,
    ),
    ...(await reduce(scoreColumns, allColumns(state, Z), gradSequence.zQuery.whole, sequenceGroups(windows))),
    ...(await contractions(gpu, weights, queryBackward(weights))),
    dispatch(gpu, programs.hiddenBackward, hidden, windows.rows, replicas),
    ...(mlpPad > 0
      ? await reduce(stateColumns(0, mixUsed), allColumns(gradHidden, mlpPad), gradTables.features)
      : []),
    dispatch(gpu, programs.attentionClassBackward, logits, windows.rows * H, replicas),
    ...(await reduce(stateColumns(H * C, C), allColumns(gradLogits, G), gradTables.logitRows)),
    ...(await contractions(gpu, weights, tableGradients(weights))),
  ];
}
