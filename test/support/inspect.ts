import { allocateBatch, type Batch, tokenWords } from '../../src/engine/batch.ts';
import type { Device } from '../../src/engine/device.ts';
import { submit } from '../../src/engine/dispatch.ts';
import { drawPass, everyPosition } from '../../src/engine/draw.ts';
import { Kernels } from '../../src/engine/kernels.ts';
import { gradientPass } from '../../src/engine/layers/network.ts';
import { Memory } from '../../src/engine/memory.ts';
import { uploadReplicaTable } from '../../src/engine/replicas.ts';
import { uploadSequences, uploadWeights } from '../../src/engine/uploads.ts';
import { allocateWeights } from '../../src/engine/weights.ts';
import { pathsOf } from '../../src/model/paths.ts';
import { toBase64 } from '../../src/shared/base64.ts';
import type { ModelConfig } from '../../src/shared/model-config.ts';
import type { Positions } from '../../src/shared/protocol.ts';
import { onDevice, tokensOf } from '../../src/shared/task.ts';
import type { TestEvent, TestRequest } from './protocol.ts';

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
    const { sequences, model } = request;
    const explicit = typeof request.reads === 'object';
    const reads = explicit
      ? Math.max(...(request.reads as number[][]).map(own => own.length))
      : request.reads;
    const longest = Math.max(...sequences.map(sequence => sequence.length));
    const paths = pathsOf(model, reads as Positions, request.kernel === 'dense' ? 'dense' : 'fastest');
    const weights = uploadWeights(memory, request, paths, sequences.length);
    const { arena, buffer } = weights;
    const shape = { sequences: sequences.length, longest, reads: reads as Positions, whole: true };
    const batch = allocateBatch(memory, model, 1, shape);
    const kernels = new Kernels(memory, weights, { loss: request.loss });
    uploadSequences(device, batch, sequences);
    if (request.offsets) gpu.queue.writeBuffer(batch.offsets, 0, Uint32Array.from(request.offsets));
    if (explicit) uploadReads(device, batch, request.reads as number[][]);
    else submit(gpu, await everyPosition(kernels, batch));
    const starts = new Uint32Array(await memory.read(batch.reads.starts));
    const targets = new Float32Array(batch.reads.rows * model.outputs);
    const counted = new Float32Array(batch.reads.rows);
    request.targets.forEach((own, b) => {
      own.forEach((target, i) => {
        targets.set(target, (starts[b]! + i) * model.outputs);
        counted[starts[b]! + i] = request.readWeights?.[b]?.[i] ?? 1;
      });
    });
    const labels = counted.reduce((sum, weight) => sum + weight, 0);
    gpu.queue.writeBuffer(batch.targets, 0, targets);
    gpu.queue.writeBuffer(batch.weights, 0, counted);
    gpu.queue.writeBuffer(batch.labels, 0, Float32Array.of(labels));
    submit(gpu, await gradientPass(kernels, batch));
    const losses = new Float32Array(await memory.read(batch.losses));
    const gradient = new Float32Array(
      await memory.read(buffer, 4 * arena.parameterFloats, 4 * arena.gradients),
    );
    const loss = losses.reduce((sum, x) => sum + x, 0) / labels;
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

/** Writes the rows of given reads, one list a sequence. */
function uploadReads({ gpu }: Device, { reads }: Batch, lists: number[][]): void {
  const starts = [0];
  for (const list of lists) starts.push(starts.at(-1)! + list.length);
  const rows = new Uint32Array(reads.rows);
  const owners = new Uint32Array(reads.rows).fill(0xffffffff);
  lists.forEach((list, b) => {
    list.forEach((position, i) => {
      rows[starts[b]! + i] = position;
      owners[starts[b]! + i] = b;
    });
  });
  gpu.queue.writeBuffer(reads.starts, 0, Uint32Array.from(starts));
  gpu.queue.writeBuffer(reads.positions, 0, rows);
  gpu.queue.writeBuffer(reads.owners, 0, owners);
}

/** Sequences, reads and targets as the samplers draw them. */
export async function sampleSequences(
  device: Device,
  request: RequestOf<'sample'>,
): Promise<EventOf<'sampled'>> {
  const { vocabulary, outputs } = request;
  const task = onDevice(request.task);
  // The samplers know nothing of a model but its vocabulary, outputs and table of positions.
  const model: ModelConfig = {
    ...{ vocabulary, outputs },
    ...{ layers: 1, heads: 1, width: 1, keyWidth: 1, mlpWidth: 0, activation: 'relu', norm: 'none' },
    ...{ period: 1, locality: 0, attention: { precision: 'infinite', scale: 1 } },
  };
  const memory = new Memory(device);
  try {
    const { sequences, length } = request;
    const longest = tokensOf(task.law, length);
    const weights = allocateWeights(memory, model, pathsOf(model, 'last'), 1, sequences);
    const kernels = new Kernels(memory, weights, { task });
    const batch = allocateBatch(memory, model, 1, {
      sequences,
      longest,
      uniformLength: request.lengthMode === 'uniform',
      reads: request.positions,
      whole: true,
    });
    const replica = { ...request, trainLength: length, learningRate: 1 };
    const table = uploadReplicaTable(memory, [replica], [request.key]);
    const clock = memory.upload('clock', Uint32Array.of(request.step, 0));
    const drawing = { task, offsets: request.offsets };
    submit(device.gpu, await drawPass(kernels, batch, drawing, table, clock));
    const words = async (buffer: GPUBuffer) => new Uint32Array(await memory.read(buffer));
    const [lengths, positions, starts, offsets] = await Promise.all(
      [batch.lengths, batch.reads.positions, batch.reads.starts, batch.offsets].map(words),
    );
    const tokens = new Uint8Array(await memory.read(batch.tokens));
    const targets = new Float32Array(await memory.read(batch.targets));
    const counted = new Float32Array(await memory.read(batch.weights));
    const [labels] = new Float32Array(await memory.read(batch.labels));
    const bytes = 4 * tokenWords(longest);
    const bySequence = <T>(of: (b: number) => T) => Array.from({ length: sequences }, (_, b) => of(b));
    const rowsOf = (b: number) =>
      Array.from({ length: starts![b + 1]! - starts![b]! }, (_, i) => starts![b]! + i).filter(
        row => counted[row] === 1,
      );
    return {
      event: 'sampled',
      adapter: device.adapter,
      sequences: bySequence(b => [...tokens.subarray(b * bytes, b * bytes + lengths![b]!)]),
      positions: bySequence(b => rowsOf(b).map(row => positions![row]!)),
      targets: bySequence(b =>
        rowsOf(b).map(row => [...targets.subarray(row * outputs, (row + 1) * outputs)]),
      ),
      offsets: [...offsets!],
      labels: labels!,
    };
  } finally {
    memory.destroy();
  }
}
