import { encodingOf } from '../../model/encodings/registry.ts';
import type { Batch } from '../batch.ts';
import { chunkPass } from '../chunks.ts';
import { type Dispatch, inOrder } from '../dispatch.ts';
import type { Kernels } from '../kernels.ts';
import { allColumns } from '../outer.ts';
import { rowWidths } from '../row-widths.ts';
import type { Adjoint } from './adjoint.ts';
import { classForward } from './class-equations.ts';
import {
  allocateClassRows,
  allocateRunningCounts,
  classAttention,
  classBackward,
  classHidden,
  featureGradients,
  histogramOfChunk,
} from './class-layer.ts';
import { stateTable } from './dense-equations.ts';
import type { Stream } from './dense-layer.ts';
import { linear, tableGradient } from './linear.ts';

/** Where the residual stream of the first dense layer comes from. */
export interface Source {
  output: Stream;
  forward: Dispatch[];
  /** From the gradient of the stream to those of every parameter before it. */
  backward(adjoint: Adjoint, gradOutput: GPUBuffer): Promise<Dispatch[]>;
}

/** Which positions the rows of a batch are; done already where it reads every one. */
function rowsOf(kernels: Kernels, { chunks, lengths, shape }: Batch): Promise<Dispatch[]> {
  return shape.reads === 'every'
    ? Promise.resolve([])
    : chunkPass(kernels, chunks, chunks.uniforms[0]!, lengths);
}

function stream({ memory, weights }: Kernels, { chunks: { rows } }: Batch): Stream {
  const { width } = rowWidths(weights.model);
  return { rows, y: memory.storage('residual stream', rows.replicas * rows.rows * width) };
}

/** Token and position embeddings. */
export async function embedding(kernels: Kernels, batch: Batch): Promise<Source> {
  const { model, buffer: arena } = kernels.weights;
  const { tokens, offsets, lengths } = batch;
  const output = stream(kernels, batch);
  const { rows, y } = output;
  const { space, starts, positions, owners } = rows;
  const columns = rowWidths(model).width / 4;
  const positionRows = encodingOf(model.attention).positionRows(model);
  const forward = await inOrder([
    rowsOf(kernels, batch),
    kernels.run(
      'embedForward',
      { batch: batch.batch, space, arena, tokens, offsets, starts, positions, owners, y },
      { threads: rows.rows * columns },
    ),
  ]);
  const backward = (_: Adjoint, gradY: GPUBuffer) =>
    inOrder([
      kernels.run(
        'embedBackward',
        { batch: batch.batch, space, tokens, starts, lengths, gradY, arena },
        { threads: model.vocabulary * columns },
      ),
      ...(positionRows > 0
        ? [
            kernels.run(
              'positionBackward',
              { space, starts, lengths, offsets, gradY, arena },
              { threads: positionRows * columns },
            ),
          ]
        : []),
    ]);
  return { output, forward, backward };
}

/** A first layer by class at every position, its state rows brought into the residual stream. */
export async function classSource(kernels: Kernels, batch: Batch): Promise<Source> {
  const { memory, weights } = kernels;
  const { model, arena, buffer } = weights;
  const { classes, mlpPad, state: Z } = rowWidths(model);
  const { chunks } = batch;
  const chunk = chunks.uniforms[0]!;
  const output = stream(kernels, batch);
  const { rows, y } = output;
  const own = allocateClassRows(kernels, rows);
  const table = arena.tables.state!;
  const forward = await inOrder([
    kernels.contract([...classForward(weights), ...stateTable(weights)]),
    rowsOf(kernels, batch),
    histogramOfChunk(kernels, batch, chunk, own, allocateRunningCounts(kernels, batch)),
    classAttention(kernels, own),
    classHidden(kernels, own),
    linear(kernels, rows, table, own.mix, y),
  ]);
  const backward = (adjoint: Adjoint, gradY: GPUBuffer) => {
    const perRow = (label: string, words: number) => memory.storage(label, rows.replicas * rows.rows * words);
    const gradState = perRow('state gradients', Z);
    const gradHidden = perRow('hidden gradients', mlpPad);
    const gradMix = perRow('mix gradients', model.heads * classes);
    const { suffix, mix: state } = own;
    const { owners } = rows;
    return inOrder([
      tableGradient(kernels, rows, table, state, gradY),
      linear(kernels, rows, table, gradY, gradState, {}, true),
      kernels.contract(adjoint.of(stateTable(weights))),
      kernels.run(
        'hiddenRowsBackward',
        { chunk, arena: buffer, suffix, owners, state, gradState, gradHidden, gradMix },
        { threads: rows.rows },
      ),
      featureGradients(kernels, own, allColumns(gradHidden, mlpPad)),
      classBackward(kernels, adjoint, own, gradMix),
    ]);
  };
  return { output, forward, backward };
}
