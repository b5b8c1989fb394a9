import { encodingOf } from '../../model/encodings/registry.ts';
import { ruleOf } from '../../model/rules/registry.ts';
import { defaultVariant } from '../../shared/attention-variants.ts';
import { attentionBackward, attentionForward } from '../attention/attention.ts';
import { rotate } from '../attention/rotate.ts';
import type { Batch } from '../batch.ts';
import type { Dispatch } from '../dispatch.ts';
import { inOrder, type Kernels } from '../kernels.ts';
import type { RowSet } from '../row-set.ts';
import { rowWidths } from '../row-widths.ts';
import type { View } from '../view.ts';
import { tablesOfLayer } from './dense-equations.ts';
import { keyRow } from './dense-tables.ts';
import { linear, tableGradient, vectorGradient } from './linear.ts';
import { normBackward, normForward } from './norm.ts';
import { gather, scatter, sumHeads } from './row-moves.ts';

/** Rows of the residual stream: [rows, width]. */
export interface Stream {
  rows: RowSet;
  y: GPUBuffer;
}

/** A layer, forward and backward over replica × sequence × position. */
export interface Layer {
  output: Stream;
  forward: Dispatch[];
  /** From the gradient of the output's rows to that of the input's, which it leaves in `gradInput`, and of every parameter's table. */
  backward(gradOutput: GPUBuffer, gradInput: GPUBuffer): Promise<Dispatch[]>;
}

/**
 * Dense layer `l` of docs/theory.md §10: every position of the input is a key; queries are the rows of `queryRows`, all positions or some.
 * `output` is where its rows go.
 */
export async function denseLayer(
  kernels: Kernels,
  { chunks }: Batch,
  l: number,
  { rows, y }: Stream,
  queryRows: RowSet,
  output: GPUBuffer,
): Promise<Layer> {
  const { memory, weights } = kernels;
  const { model, buffer, arena } = weights;
  const { heads: H } = model;
  const widths = rowWidths(model);
  const { width: D } = widths;
  const K = keyRow(model, widths);
  const tables = tablesOfLayer(weights, l);
  const { mlp } = tables;
  const parameter = (name: string) => arena.parameter(`layer.${l}.${name}`);
  const all = (label: string, floats: number) => memory.storage(label, rows.replicas * rows.rows * floats);
  const perQuery = (label: string, floats: number) =>
    memory.storage(`${label} of queries`, queryRows.replicas * queryRows.rows * floats);
  /** Where the rule's own parameters, or their gradients, lie; 0 where it has none. */
  const places = (of: (view: View) => View) => {
    const own = ruleOf(model.attention)
      .tensors(model)
      .map(({ name }) => name);
    const place = (name: (typeof own)[number]) => (own.includes(name) ? of(parameter(name)).offset : 0);
    return { phi: place('phi'), logScale: place('log_scale') };
  };
  const some = queryRows !== chunks.rows;
  const rotates = encodingOf(model.attention).rotates;
  const rms = model.norm === 'rms';

  const u = rms ? all('normed', D) : y;
  const ownY = some ? perQuery('residual', D) : y;
  const ownU = !some ? u : rms ? perQuery('normed', D) : ownY;
  const queries = perQuery('queries', H * K);
  const keys = tables.keys ? all('keys', H * K) : undefined;
  const Y = mlp ? perQuery('attended', D) : output;
  const t = mlp && rms ? perQuery('normed attended', D) : Y;
  const pre = mlp ? perQuery('pre-activations', widths.mlpPad) : undefined;

  const shape = { keyWidth: K, valueWidth: D, model };
  const residual = { buffer: u, at: 0, row: D, head: 0 };
  const inputs = {
    queries: { buffer: queries, at: 0, row: H * K, head: K },
    keys: keys ? { buffer: keys, at: 0, row: H * K, head: K } : residual,
    values: residual,
    queryRows,
    keyRows: rows,
    parameters: { buffer, stride: arena.stride, ...places(view => view) },
  };
  const { whole, last } = kernels.how.variants ?? {};
  const variant = (some ? last : whole) ?? defaultVariant(shape, memory.device.adapter);
  const attention = await attentionForward(memory, shape, inputs, variant);
  const means = attention.means.buffer;
  const forward = await inOrder([
    ...(rms ? [normForward(kernels, rows, parameter('attention_norm'), y, u)] : []),
    ...(some ? [gather(kernels, queryRows, rows, y, ownY)] : []),
    ...(some && rms ? [gather(kernels, queryRows, rows, u, ownU)] : []),
    linear(kernels, queryRows, tables.queries, ownU, queries),
    ...(keys && tables.keys ? [linear(kernels, rows, tables.keys, u, keys)] : []),
    ...(rotates ? [rotate(memory, shape, queryRows, queries), rotate(memory, shape, rows, keys!)] : []),
    attention.dispatches,
    linear(kernels, queryRows, tables.values, means, Y, { add: ownY }),
    ...(mlp && rms ? [normForward(kernels, queryRows, parameter('mlp_norm'), Y, t)] : []),
    ...(mlp ? [linear(kernels, queryRows, mlp.in, t, pre!, { bias: mlp.bias })] : []),
    ...(mlp ? [linear(kernels, queryRows, mlp.out, pre!, output, { activate: true, add: Y })] : []),
  ]);

  const backward = async (gradOutput: GPUBuffer, gradInput: GPUBuffer) => {
    const gradY = mlp ? perQuery('attended gradients', D) : gradOutput;
    const throughMlp = mlp ? mlpBackward(gradOutput, gradY) : [];
    const gradMeans = perQuery('mean gradients', H * D);
    const back = await attentionBackward(
      memory,
      shape,
      inputs,
      attention,
      { buffer: gradMeans, at: 0, row: H * D, head: D },
      places(view => arena.gradientOf(view)),
      variant,
    );
    const { gradQueries, gradKeys, gradValues } = back;
    // The gradient of u is gathered in `gradU`; without a norm that is the gradient of the input itself.
    const gradU = rms ? all('normed gradients', D) : gradInput;
    const ownGradU = some ? perQuery('normed gradients', D) : gradU;
    return inOrder([
      ...throughMlp,
      linear(kernels, queryRows, tables.values, gradY, gradMeans, {}, true),
      tableGradient(kernels, queryRows, tables.values, means, gradY),
      back.dispatches,
      ...(rotates
        ? [
            rotate(memory, shape, queryRows, gradQueries.buffer, true),
            rotate(memory, shape, rows, gradKeys.buffer, true),
          ]
        : []),
      tableGradient(kernels, queryRows, tables.queries, ownU, gradQueries.buffer),
      linear(
        kernels,
        queryRows,
        tables.queries,
        gradQueries.buffer,
        ownGradU,
        rms ? {} : { add: gradY },
        true,
      ),
      sumHeads(kernels, rows, gradValues, gradU, !some),
      ...(tables.keys
        ? [
            tableGradient(kernels, rows, tables.keys, u, gradKeys.buffer),
            linear(kernels, rows, tables.keys, gradKeys.buffer, gradU, { accumulate: true }, true),
          ]
        : []),
      ...(some ? [scatter(kernels, queryRows, rows, ownGradU, gradU)] : []),
      ...(rms
        ? [
            normBackward(
              kernels,
              rows,
              parameter('attention_norm'),
              y,
              gradU,
              some ? undefined : gradY,
              gradInput,
            ),
            ...(some ? [scatter(kernels, queryRows, rows, gradY, gradInput)] : []),
          ]
        : []),
    ]);
  };

  /** Through Y + B ψ(A norm(Y) + b). */
  const mlpBackward = (gradOutput: GPUBuffer, gradY: GPUBuffer) => {
    const gradPre = perQuery('pre-activation gradients', widths.mlpPad);
    const gradT = rms ? perQuery('normed attended gradients', D) : gradY;
    return [
      linear(kernels, queryRows, mlp!.out, gradOutput, gradPre, { slope: pre! }, true),
      tableGradient(kernels, queryRows, mlp!.out, pre!, gradOutput, true),
      tableGradient(kernels, queryRows, mlp!.in, t, gradPre),
      vectorGradient(kernels, queryRows, mlp!.bias, gradPre, widths.mlpPad),
      linear(kernels, queryRows, mlp!.in, gradPre, gradT, rms ? {} : { add: gradOutput }, true),
      ...(rms ? [normBackward(kernels, queryRows, parameter('mlp_norm'), Y, gradT, gradOutput, gradY)] : []),
    ];
  };
  return { output: { rows: queryRows, y: output }, forward, backward };
}
