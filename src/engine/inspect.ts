import type { TestEvent, TestRequest } from '../../test/support/protocol.ts';
import { floatsFromBase64, toBase64 } from '../shared/base64.ts';
import { taskOf } from '../tasks/registry.ts';
import { arenaOf } from './arena.ts';
import { denseAttentionBackward, denseAttentionForward } from './dense-attention.ts';
import type { Device } from './device.ts';
import { submit } from './dispatch.ts';
import { drawPass } from './draw.ts';
import { Memory } from './memory.ts';
import { gradientPass } from './network.ts';
import { uploadReplicaTable } from './replicas.ts';
import { allocateRows, tokenWords } from './rows.ts';
import { uploadSequences, uploadWeights } from './uploads.ts';

type RequestOf<Op extends TestRequest['op']> = Extract<TestRequest, { op: Op }>;
type EventOf<Name extends TestEvent['event']> = Extract<TestEvent, { event: Name }>;

/** Loss and parameter gradients of a model on given sequences and targets, by the kernels that training uses. */
export async function gradientOf(
  device: Device,
  request: RequestOf<'gradient'>,
): Promise<EventOf<'differentiated'>> {
  const { gpu } = device;
  const memory = new Memory(device);
  try {
    const { sequences } = request;
    const weights = uploadWeights(memory, request, sequences.length);
    const { model, arena, buffer } = weights;
    const longest = Math.max(...sequences.map(sequence => sequence.length));
    const rows = allocateRows(memory, model, 1, { rows: sequences.length, longest });
    uploadSequences(device, rows, sequences);
    gpu.queue.writeBuffer(rows.targets, 0, new Float32Array(request.targets.flat()));
    submit(gpu, await gradientPass(memory, weights, rows, { model, arena, loss: request.loss }));
    const losses = new Float32Array(await memory.read(rows.losses)).subarray(0, sequences.length);
    const gradient = new Float32Array(
      await memory.read(buffer, 4 * arena.parameterFloats, 4 * arena.gradients),
    );
    const loss = losses.reduce((sum, x) => sum + x, 0) / sequences.length;
    return {
      event: 'differentiated',
      adapter: device.adapter,
      loss: Number.isFinite(loss) ? loss : null,
      gradient: toBase64(gradient),
    };
  } finally {
    memory.destroy();
  }
}

/** Dense attention and its gradients on given queries, keys and values. */
export async function denseAttention(
  device: Device,
  request: RequestOf<'attention'>,
): Promise<EventOf<'attended'>> {
  const memory = new Memory(device);
  try {
    const parts = [request.queries, request.keys, request.values, request.gradMeans].map(floatsFromBase64);
    const [keyFloats, valueFloats] = [
      request.heads * request.length * request.keyWidth,
      request.heads * request.length * request.valueWidth,
    ];
    const buffer = memory.storage('dense inputs', 2 * keyFloats + 3 * valueFloats);
    const at = [0, keyFloats, 2 * keyFloats, 2 * keyFloats + valueFloats];
    for (const [i, part] of parts.entries()) device.gpu.queue.writeBuffer(buffer, 4 * at[i]!, part);
    const phi = memory.upload('phi', floatsFromBase64(request.phi));
    const inputs = { buffer, queries: at[0]!, keys: at[1]!, values: at[2]!, sharedValues: false, phi };
    const { queries: _, keys: __, ...shape } = request;
    const some = await denseAttentionForward(memory, shape, inputs, request.variant);
    submit(device.gpu, some.dispatches);
    const means = await memory.read(some.outputs.means);
    const whole = { ...shape, lastRows: undefined };
    const forward = shape.lastRows
      ? await denseAttentionForward(memory, whole, inputs, request.variant)
      : some;
    submit(device.gpu, shape.lastRows ? forward.dispatches : []);
    const atMeans = 2 * keyFloats + 2 * valueFloats;
    device.gpu.queue.writeBuffer(buffer, 4 * atMeans, await memory.read(forward.outputs.means));
    const places = { means: atMeans, gradMeans: at[3]! };
    const back = await denseAttentionBackward(
      memory,
      whole,
      inputs,
      forward.outputs.stats,
      places,
      request.variant,
    );
    submit(device.gpu, back.dispatches);
    const read = async (gradient: GPUBuffer) => toBase64(new Float32Array(await memory.read(gradient)));
    const { queries, keys, values, phi: gradPhi } = back.gradients;
    return {
      event: 'attended',
      adapter: device.adapter,
      means: toBase64(new Float32Array(means)),
      gradQueries: await read(queries),
      gradKeys: await read(keys),
      gradValues: await read(values),
      gradPhi: await read(gradPhi),
    };
  } finally {
    memory.destroy();
  }
}

/** Sequences and targets as the samplers draw them. */
export async function sampleSequences(
  device: Device,
  request: RequestOf<'sample'>,
): Promise<EventOf<'sampled'>> {
  const { gpu } = device;
  const task = taskOf(request.task);
  const shape = task.shape(request.knobs);
  // The samplers know nothing of a model but its vocabulary and outputs.
  const { order: _, ...modelShape } = shape;
  const model = {
    ...modelShape,
    layers: 1,
    heads: 1,
    width: 1,
    keyWidth: 1,
    mlpWidth: 0,
    activation: 'relu',
    attention: { precision: 'infinite', scale: 1 },
  } as const;
  const memory = new Memory(device);
  try {
    const { sequences: count, length } = request;
    const uniformLength = request.lengthMode === 'uniform';
    const rows = allocateRows(memory, model, 1, { rows: count, longest: length, uniformLength });
    const replica = { ...request, trainLength: length, learningRate: 1 };
    const table = uploadReplicaTable(memory, request.task, [replica], [request.key]);
    const clock = memory.upload('clock', Uint32Array.of(request.step, 0));
    const how = { model, arena: arenaOf(model), task, law: request.law, order: shape.order };
    submit(gpu, await drawPass(memory, rows, how, table, clock));
    const lengths = new Uint32Array(await memory.read(rows.lengths));
    const tokens = new Uint8Array(await memory.read(rows.tokens));
    const targets = new Float32Array(await memory.read(rows.targets));
    const bytes = 4 * tokenWords(length);
    return {
      event: 'sampled',
      adapter: device.adapter,
      sequences: Array.from({ length: count }, (_, b) => [
        ...tokens.subarray(b * bytes, b * bytes + lengths[b]!),
      ]),
      targets: Array.from({ length: count }, (_, b) => [
        ...targets.subarray(b * shape.outputs, (b + 1) * shape.outputs),
      ]),
    };
  } finally {
    memory.destroy();
  }
}
