import { layoutOf } from '../model/layout.ts';
import { type DenseVariant, defaultVariant, shapeOf, supports } from '../shared/attention-variants.ts';
import { bytesFromBase64, floatsFromBase64 } from '../shared/base64.ts';
import type { ModelConfig } from '../shared/model-config.ts';
import type { EngineEvent, Request } from '../shared/protocol.ts';
import { Allocator, type Arena, arenaOf } from './arena.ts';
import { contractions } from './class-pass.ts';
import { type Contraction, contraction } from './contraction.ts';
import { denseAttentionForward } from './dense-attention.ts';
import type { Device } from './device.ts';
import { type Dispatch, dispatch, submit } from './dispatch.ts';
import { Memory } from './memory.ts';
import { compileElementwise } from './programs.ts';
import { columnsOf, type View } from './view.ts';
import type { Weights } from './weights.ts';

type ForwardRequest = Extract<Request, { op: 'forward' }>;
type Computed = Extract<EngineEvent, { event: 'computed' }>;

const ADD = { accumulate: true };

/** f(x) of each sequence with dense attention, straight from the definition: every position at once, O(T²). */
export async function denseForward(device: Device, request: ForwardRequest): Promise<Computed> {
  const { model, allPositions } = request;
  const outputs: Computed['outputs'] = [];
  const variants = new Set<DenseVariant>();
  let deviceBytes = 0;
  for (const sequence of request.sequences.map(bytesFromBase64)) {
    const memory = new Memory(device);
    try {
      const { weights, states } = allocate(memory, model, sequence.length, floatsFromBase64(request.weights));
      const run: Run = { wanted: request.variants ?? {}, allPositions, taken: variants };
      submit(device.gpu, await network(memory, weights, states, sequence, run));
      const read = await memory.read(
        weights.buffer,
        4 * sequence.length * model.outputs,
        4 * states.outputs.offset,
      );
      const values = new Float32Array(read);
      const rows = Array.from(sequence, (_, i) =>
        Array.from(values.subarray(i * model.outputs, (i + 1) * model.outputs), x =>
          Number.isFinite(x) ? x : null,
        ),
      );
      outputs.push(allPositions ? rows : rows.slice(-1));
      deviceBytes = Math.max(deviceBytes, memory.bytes);
    } finally {
      memory.destroy();
    }
  }
  return { event: 'computed', adapter: device.adapter, outputs, deviceBytes, variants: [...variants] };
}

/** Which attention kernels to take, and which were taken. */
interface Run {
  wanted: NonNullable<ForwardRequest['variants']>;
  allPositions: boolean;
  taken: Set<DenseVariant>;
}

/** What the dense path keeps of each position, axes i position, h head. Widths rounded up to 4 for the attention kernel. */
interface PositionTables {
  y: View;
  queries: View;
  keys: View;
  means: View;
  residual: View;
  pre: View;
  hidden: View;
  outputs: View;
}

const roundUp4 = (n: number) => Math.ceil(n / 4) * 4;

function allocate(
  memory: Memory,
  model: ModelConfig,
  T: number,
  parameters: Float32Array<ArrayBuffer>,
): { weights: Weights; states: PositionTables } {
  const { heads: H, width: D, keyWidth: DK, mlpWidth: M, outputs: O } = model;
  const allocator = new Allocator(layoutOf(model).stride);
  /** Rows of `width` floats, padded with zeros to a multiple of 4. */
  const padded = (sizes: number[], width: number) =>
    columnsOf(allocator.take([...sizes, roundUp4(width)]), 0, width);
  const states = {
    y: padded([T], D),
    queries: padded([H, T], DK),
    keys: padded([H, T], DK),
    means: padded([H, T], D),
    residual: padded([T], D),
    pre: allocator.take([T, M]),
    hidden: allocator.take([T, M]),
    outputs: allocator.take([T, O]),
  };
  // The parameters lie where every arena has them; nothing else of the usual layout is used.
  const arena: Arena = { ...arenaOf(model), stride: allocator.end };
  const buffer = memory.storage('positions', allocator.end);
  memory.device.gpu.queue.writeBuffer(buffer, 0, parameters);
  return { weights: { model, arena, buffer, replicas: 1 }, states };
}

async function network(
  memory: Memory,
  weights: Weights,
  states: PositionTables,
  sequence: Uint8Array,
  run: Run,
): Promise<Dispatch[]> {
  const { gpu } = memory.device;
  const { model, arena, buffer } = weights;
  const T = sequence.length;
  const tokens = new Uint8Array(roundUp4(T));
  tokens.set(sequence);
  const embed = await compileElementwise(gpu, arena, 'embedPositions', {
    COUNT: T * model.width,
    D: model.width,
    D_PAD: roundUp4(model.width),
    DELTA: model.period,
    AT_OUT: states.y.offset,
    AT_EMBED: arena.parameter('embed').offset,
    AT_POSITION: arena.parameter('position').offset,
  });
  const dispatches = [dispatch(gpu, embed, [memory.upload('tokens', tokens), buffer], T * model.width, 1)];
  for (let l = 0; l < model.layers; l++)
    dispatches.push(...(await layer(memory, weights, states, l, T, run)));
  const readout = contraction('id,od->io', [states.y, arena.parameter('unembed')], states.outputs);
  return [...dispatches, ...(await contractions(gpu, weights, [readout]))];
}

async function layer(
  memory: Memory,
  weights: Weights,
  states: PositionTables,
  l: number,
  T: number,
  { wanted, allPositions, taken }: Run,
): Promise<Dispatch[]> {
  const { gpu } = memory.device;
  const { model, arena, buffer } = weights;
  const p = (name: string) => arena.parameter(`layer.${l}.${name}`);
  const { y, queries, keys, means, residual, pre, hidden } = states;
  const run = (ops: Contraction[]) => contractions(gpu, weights, ops);
  const project = await run([
    contraction('id,hkd->hik', [y, p('query')], queries),
    contraction('id,hkd->hik', [y, p('key')], keys),
  ]);
  const phiFloats = model.heads * (model.locality + 1);
  const phi = memory.storage('phi', phiFloats);
  // Of the last layer nothing but the last row is read, unless every position is.
  const last = l === model.layers - 1 && !allPositions;
  const shape = shapeOf(model, T, last ? 1 : undefined);
  const asked = last ? wanted.last : wanted.whole;
  const variant =
    asked && supports(asked, shape, gpu.features) ? asked : defaultVariant(shape, memory.device.adapter);
  taken.add(variant);
  const inputs = {
    buffer,
    queries: queries.offset,
    keys: keys.offset,
    values: y.offset,
    sharedValues: true,
    phi,
  };
  const attention = await denseAttentionForward(memory, shape, inputs, variant);
  const meanFloats = model.heads * T * roundUp4(model.width);
  const move = (from: number, to: number, count: number) =>
    compileElementwise(gpu, arena, 'moveRows', {
      COUNT: count,
      FROM_STRIDE: 0,
      FROM_AT: from,
      TO_STRIDE: 0,
      TO_AT: to,
    });
  const dispatches = [
    dispatch(gpu, await move(p('phi').offset, 0, phiFloats), [buffer, phi], phiFloats, 1),
    ...project,
    ...attention.dispatches,
    dispatch(gpu, await move(0, means.offset, meanFloats), [attention.outputs.means, buffer], meanFloats, 1),
    ...(await run([
      contraction('id->id', [y], residual),
      contraction('hid,hed->ie', [means, p('value')], residual, ADD),
      contraction('id->id', [residual], y),
    ])),
  ];
  if (model.mlpWidth === 0) return dispatches;
  const units = T * model.mlpWidth;
  const activate = await compileElementwise(
    gpu,
    arena,
    'activationForward',
    { COUNT: roundUp4(units), AT_IN: pre.offset, AT_OUT: hidden.offset },
    model.activation,
  );
  return [
    ...dispatches,
    ...(await run([
      contraction('id,md->im', [residual, p('mlp_in')], pre),
      contraction('m->im', [p('mlp_bias')], pre, ADD),
    ])),
    dispatch(gpu, activate, [buffer], roundUp4(units) / 4, 1),
    ...(await run([contraction('im,dm->id', [hidden, p('mlp_out')], y, ADD)])),
  ];
}
