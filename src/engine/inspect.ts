import { floatsFromBase64, toBase64 } from '../shared/base64.ts';
import type { EngineEvent, Request } from '../shared/protocol.ts';
import { taskOf } from '../tasks/registry.ts';
import { arenaOf } from './arena.ts';
import type { Device } from './device.ts';
import { submit } from './dispatch.ts';
import { drawPass } from './draw.ts';
import { Memory } from './memory.ts';
import { gradientPass } from './network.ts';
import { uploadReplicaTable } from './replicas.ts';
import { allocateRows, type Rows, tokenWords } from './rows.ts';
import { allocateWeights, type Weights } from './weights.ts';

type RequestOf<Op extends Request['op']> = Extract<Request, { op: Op }>;
type EventOf<Name extends EngineEvent['event']> = Extract<EngineEvent, { event: Name }>;

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

/** One model's weights from base64, with room for batches of `sequences` sequences. */
export function uploadWeights(
  memory: Memory,
  request: Pick<RequestOf<'forward'>, 'model' | 'weights'>,
  sequences: number,
): Weights {
  const weights = allocateWeights(memory, request.model, 1, sequences);
  memory.device.gpu.queue.writeBuffer(weights.buffer, 0, floatsFromBase64(request.weights));
  return weights;
}

/** Writes lengths and packed tokens of given sequences, one a row. */
export function uploadSequences(device: Device, rows: Rows, sequences: ArrayLike<number>[]): void {
  const bytes = 4 * tokenWords(rows.shape.longest);
  const packed = new Uint8Array(sequences.length * bytes);
  sequences.forEach((sequence, b) => {
    packed.set(sequence, b * bytes);
  });
  device.gpu.queue.writeBuffer(rows.tokens, 0, packed);
  device.gpu.queue.writeBuffer(
    rows.lengths,
    0,
    Uint32Array.from(sequences, sequence => sequence.length),
  );
}
