import { ruleOf } from '../../model/rules/registry.ts';
import type { Batch } from '../batch.ts';
import { chunkPass } from '../chunks.ts';
import { contraction } from '../contraction.ts';
import type { Dispatch } from '../dispatch.ts';
import { inOrder, type Kernels } from '../kernels.ts';
import { allColumns, bySequence, segmentedOuter } from '../outer.ts';
import { rowWidths } from '../row-widths.ts';
import type { View } from '../view.ts';
import { Adjoint } from './adjoint.ts';
import { classForward } from './class-equations.ts';
import {
  allocateClassRows,
  allocateRunningCounts,
  type ClassRows,
  classAttention,
  classBackward,
  classHidden,
  featureGradients,
  histogramOfChunk,
  histogramOfReads,
} from './class-layer.ts';
import type { Network } from './network.ts';
import { outputForward, queryForward, readoutForward, tablesOfQueries } from './query-equations.ts';

/**
 * Threads that share the softmax of one query: few in training, where a barrier costs more than they save, more for the long
 * sequences of evaluation. By the use and not by the lengths, so that bits do not depend on the pack.
 */
const LANES = { training: 4, evaluation: 32 };

/** What the last layer keeps of the rows of a chunk, and of each query. */
interface Scores {
  /** Scores of a chunk's rows [rows, H_PAD]; weights after query_softmax.wgsl, in a single chunk the attention. */
  scores: GPUBuffer;
  /** Softmax sums so far [replicas · sequences, H, 4] (query_softmax.wgsl). */
  running: GPUBuffer;
}

/** Floats in a view that is contiguous. */
const floatsOf = ({ sizes }: View) => sizes.reduce((a, b) => a * b, 1);

/** Copies a view that is contiguous per replica between the arena and a row buffer of the same floats. */
function move(kernels: Kernels, view: View, buffer: GPUBuffer, toArena: boolean): Promise<Dispatch> {
  const { arena, buffer: block } = kernels.weights;
  const count = floatsOf(view);
  const inArena = { stride: arena.stride, at: view.offset };
  const inRows = { stride: count, at: 0 };
  const [from, to] = toArena ? [inRows, inArena] : [inArena, inRows];
  const buffers = toArena ? { fromBuffer: buffer, toBuffer: block } : { fromBuffer: block, toBuffer: buffer };
  return kernels.run(
    'moveRows',
    buffers,
    { threads: count },
    {
      COUNT: count,
      FROM_STRIDE: from.stride,
      FROM_AT: from.at,
      TO_STRIDE: to.stride,
      TO_AT: to.at,
    },
  );
}

/** ψ over a view of the arena, forward (out = ψ(in)) or backward (out *= ψ'(in)). */
function activation(
  kernels: Kernels,
  name: 'activationForward' | 'activationBackward',
  from: View,
  out: View,
): Promise<Dispatch>[] {
  const count = Math.ceil(floatsOf(from) / 4) * 4;
  if (count === 0) return [];
  const constants = { COUNT: count, AT_IN: from.offset, AT_OUT: out.offset };
  return [kernels.run(name, { arena: kernels.weights.buffer }, { threads: count / 4 }, constants)];
}

/**
 * The last layer's attention and its average z_mean, chunk by chunk with a running maximum and sum. Rounding to bits needs the
 * highest score first: several chunks are then passed through twice. `layer1` leaves a chunk's state and scores.
 */
async function averageState(
  kernels: Kernels,
  batch: Batch,
  own: ClassRows,
  { scores, running }: Scores,
  layer1: (chunk: GPUBuffer) => Promise<Dispatch[]>,
): Promise<Dispatch[]> {
  const { model, buffer: arena } = kernels.weights;
  const { headPad, state: Z } = rowWidths(model);
  const { chunks, lengths, shape } = batch;
  const { sequences, starts: rowStarts } = chunks.rows;
  const lanes = shape.whole ? LANES.training : LANES.evaluation;
  const several = chunks.uniforms.length > 1;
  const twice = several && ruleOf(model.attention).leastWeight(model.attention) > 0;

  const softmax = (chunk: GPUBuffer, mode: 'streaming' | 'highest' | 'known') =>
    kernels.run(
      'querySoftmax',
      { chunk, lengths, running, scores, rowStarts },
      { groups: sequences * model.heads },
      { LANES: lanes, MODE: { streaming: 0, highest: 1, known: 2 }[mode] },
    );
  const rescale = (chunk: GPUBuffer, by: 'newest' | 'sum') =>
    kernels.run(
      'queryRescale',
      { chunk, running, arena },
      { threads: (sequences * model.heads * Z) / 4 },
      { FACTOR: { newest: 2, sum: 3 }[by] },
    );
  const attention = { buffer: scores, first: 0, columns: model.heads, stride: headPad };
  const zMean = tablesOfQueries(kernels.weights).zMean.whole;
  const add = (accumulate: boolean) =>
    segmentedOuter(kernels, attention, allColumns(own.mix, Z), zMean, bySequence(chunks.rows), {
      accumulate,
    });
  const [first, later] = [add(false), several ? add(true) : []];
  return inOrder([
    ...(twice ? chunks.uniforms.flatMap(chunk => [layer1(chunk), softmax(chunk, 'highest')]) : []),
    ...chunks.uniforms.flatMap((chunk, c) => [
      layer1(chunk),
      softmax(chunk, twice ? 'known' : 'streaming'),
      ...(c > 0 ? [rescale(chunk, 'newest')] : []),
      c > 0 ? later : first,
    ]),
    ...(several ? [rescale(chunks.uniforms[0]!, 'sum')] : []),
  ]);
}

/**
 * f(x) of every sequence of a batch in time linear in T: a first layer through the running class histogram (docs/theory.md §2), the
 * second for its one query, in state coordinates.
 */
export async function classQuery(kernels: Kernels, batch: Batch): Promise<Network> {
  const { memory, weights } = kernels;
  const { model, arena, buffer } = weights;
  const { headPad, state: Z } = rowWidths(model);
  const { lengths, chunks, reads, outputs } = batch;
  const { rows: positions } = chunks;
  const { replicas, sequences } = positions;
  const tables = tablesOfQueries(weights);
  const last = allocateClassRows(kernels, reads);
  const own = allocateClassRows(kernels, positions);
  const counts = allocateRunningCounts(kernels, batch);
  const kept: Scores = {
    scores: memory.storage('scores', replicas * positions.rows * headPad),
    running: memory.storage('running sums', replicas * sequences * model.heads * 4),
  };
  const { owners } = positions;
  const layer1 = (chunk: GPUBuffer) =>
    inOrder([
      chunkPass(kernels, chunks, chunk, lengths),
      histogramOfChunk(kernels, batch, chunk, own, counts),
      classAttention(kernels, own),
      kernels.run(
        'hiddenQueryForward',
        {
          space: positions.space,
          arena: buffer,
          suffix: own.suffix,
          state: own.mix,
          phi: buffer,
          lengths,
          owners,
          positions: positions.positions,
          scores: kept.scores,
        },
        { threads: positions.rows },
      ),
    ]);
  const forward = inOrder([
    kernels.contract(classForward(weights)),
    histogramOfReads(kernels, batch, last),
    classAttention(kernels, last),
    classHidden(kernels, last),
    move(kernels, tables.last.whole, last.mix, true),
    kernels.contract(queryForward(weights)),
    averageState(kernels, batch, own, kept, layer1),
    kernels.contract(readoutForward(weights)),
    ...activation(kernels, 'activationForward', tables.pre, tables.hidden),
    kernels.contract(outputForward(weights)),
    move(kernels, tables.outputs, outputs, false),
  ]);

  const backward = async () => {
    const [chunk, ...more] = chunks.uniforms;
    if (!chunk || more.length > 0) throw new Error('the backward pass needs one chunk over all positions');
    const adjoint = new Adjoint(arena);
    const { classes, mlpPad } = rowWidths(model);
    const perRow = (words: number) => memory.storage('row gradients', replicas * positions.rows * words);
    const [gradScores, gradHidden, gradMix] = [
      perRow(headPad),
      perRow(mlpPad),
      perRow(model.heads * classes),
    ];
    const gradient = (view: View) => arena.gradientOf(view);
    const state = own.mix;
    const { scores: attention } = kept;
    const scoreColumns = { buffer: gradScores, first: 0, columns: model.heads, stride: headPad };
    const output = adjoint.of(outputForward(weights));
    const dotMean = contraction(
      'bhz,bhz->bh',
      [gradient(tables.zMean.whole), tables.zMean.whole],
      gradient(tables.dotMean),
    );
    const readout = [...adjoint.of(readoutForward(weights)), dotMean];
    const query = adjoint.of(queryForward(weights));
    return inOrder([
      move(kernels, gradient(tables.outputs), batch.gradOutputs, true),
      kernels.contract(output),
      ...activation(kernels, 'activationBackward', tables.pre, gradient(tables.hidden)),
      kernels.contract(readout),
      kernels.run(
        'queryBackward',
        { chunk, arena: buffer, dotMean: buffer, lengths, state, attention, gradScores, owners },
        { threads: positions.rows },
      ),
      kernels.run(
        'queryPhiBackward',
        { chunk, lengths, gradScores, arena: buffer, rowStarts: positions.starts },
        { threads: model.heads * (model.locality + 1) },
      ),
      segmentedOuter(
        kernels,
        scoreColumns,
        allColumns(state, Z),
        gradient(tables.zQuery.whole),
        bySequence(positions),
      ),
      kernels.contract(query),
      kernels.run(
        'hiddenBackward',
        {
          chunk,
          arena: buffer,
          suffix: own.suffix,
          owners,
          state,
          attention,
          gradScores,
          gradHidden,
          gradMix,
        },
        { threads: positions.rows },
      ),
      featureGradients(kernels, own, allColumns(gradHidden, mlpPad)),
      classBackward(kernels, adjoint, own, gradMix),
    ]);
  };
  return { forward, backward };
}
