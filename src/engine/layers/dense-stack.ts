import type { Batch } from '../batch.ts';
import { inOrder } from '../dispatch.ts';
import { Kernels } from '../kernels.ts';
import type { RowSet } from '../row-set.ts';
import { rowWidths } from '../row-widths.ts';
import { Adjoint } from './adjoint.ts';
import { layerTables, readoutTable } from './dense-equations.ts';
import { denseLayer, type Layer, type Stream } from './dense-layer.ts';
import { linear, tableGradient } from './linear.ts';
import type { Network } from './network.ts';
import { normBackward, normForward } from './norm.ts';
import { Scratch } from './scratch.ts';
import { classSource, embedding } from './source.ts';

/**
 * Dense layers behind token embeddings or a first layer by class, and the read-out. Only the residual stream between layers is kept:
 * all layers share one set of rows, and a layer's own dispatches run again before its way back.
 */
export async function denseStack(kernels: Kernels, batch: Batch): Promise<Network> {
  const { memory, weights } = kernels;
  const { model, arena } = weights;
  const { paths } = arena;
  const { width: D, outputRow } = rowWidths(model);
  const { reads, chunks } = batch;
  const first = paths.indexOf('dense');
  const numbers = paths.map((_, l) => l).slice(first);
  const stream = (set: RowSet, label: string) => memory.storage(label, set.replicas * set.rows * D);

  const source = await (first === 0 ? embedding : classSource)(kernels, batch);
  const scratch = new Scratch(memory);
  const shared = new Kernels(scratch, weights, kernels.how);
  const layers: Layer[] = [];
  let input: Stream = source.output;
  for (const l of numbers) {
    scratch.nextLayer('forward');
    const rows = l === numbers.at(-1) ? reads : chunks.rows;
    const layer = await denseLayer(shared, batch, l, input, rows, stream(rows, 'residual stream'));
    layers.push(layer);
    input = layer.output;
  }
  const last = input.y;
  const normed = model.norm === 'rms' ? stream(reads, 'final norm') : last;
  const readout = arena.tables.readout!;
  const gain = () => arena.parameter('final_norm');
  const padded = memory.storage('padded outputs', reads.replicas * reads.rows * outputRow);
  const tables = [...numbers.flatMap(l => layerTables(weights, l)), ...readoutTable(weights)];
  const resize = (from: GPUBuffer, to: GPUBuffer, sizes: { FROM: number; TO: number }) =>
    kernels.run(
      'resizeRows',
      { space: reads.space, input: from, output: to },
      { threads: reads.rows * sizes.TO },
      sizes,
    );
  const forward = inOrder([
    kernels.contract(tables),
    Promise.resolve(source.forward),
    ...layers.map(layer => Promise.resolve(layer.forward)),
    ...(model.norm === 'rms' ? [normForward(kernels, reads, gain(), last, normed)] : []),
    linear(kernels, reads, readout, normed, padded),
    resize(padded, batch.outputs, { FROM: outputRow, TO: model.outputs }),
  ]);

  const backward = async () => {
    const adjoint = new Adjoint(arena);
    const gradNormed = stream(reads, 'read-out gradients');
    const gradLast = model.norm === 'rms' ? stream(reads, 'read-out gradients') : gradNormed;
    const between = [stream(chunks.rows, 'stream gradients'), stream(chunks.rows, 'stream gradients')];
    const head = await inOrder([
      resize(batch.gradOutputs, padded, { FROM: model.outputs, TO: outputRow }),
      tableGradient(kernels, reads, readout, normed, padded),
      linear(kernels, reads, readout, padded, gradNormed, {}, true),
      ...(model.norm === 'rms'
        ? [normBackward(kernels, reads, gain(), last, gradNormed, undefined, gradLast)]
        : []),
    ]);
    const through = [];
    let gradient = gradLast;
    for (const [i, layer] of [...layers].reverse().entries()) {
      scratch.nextLayer('backward');
      // The last layer's rows are still there.
      if (i > 0) through.push(layer.forward);
      const gradInput = between[i % 2]!;
      through.push(await layer.backward(gradient, gradInput));
      gradient = gradInput;
    }
    return [
      ...head,
      ...through.flat(),
      ...(await kernels.contract(adjoint.of(tables))),
      ...(await source.backward(adjoint, gradient)),
    ];
  };
  return { forward, backward };
}
