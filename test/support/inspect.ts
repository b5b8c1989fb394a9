import { allocateBatch, type Batch } from '../../src/engine/batch.ts';
import type { Device } from '../../src/engine/device.ts';
import { submit } from '../../src/engine/dispatch.ts';
import { everyPosition } from '../../src/engine/draw.ts';
import { Kernels } from '../../src/engine/kernels.ts';
import { gradientPass } from '../../src/engine/layers/network.ts';
import { Memory } from '../../src/engine/memory.ts';
import { uploadSequences, uploadWeights } from '../../src/engine/uploads.ts';
import { pathsOf } from '../../src/model/paths.ts';
import { toBase64 } from '../../src/shared/base64.ts';
import type { Positions } from '../../src/shared/protocol.ts';
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
