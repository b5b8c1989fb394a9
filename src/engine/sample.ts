import { pathsOf } from '../model/paths.ts';
import type { ModelConfig } from '../shared/model-config.ts';
import type { EngineEvent, Request } from '../shared/protocol.ts';
import { tokensOf } from '../shared/task.ts';
import { allocateBatch, tokenWords } from './batch.ts';
import type { Device } from './device.ts';
import { submit } from './dispatch.ts';
import { drawPass } from './draw.ts';
import { Kernels } from './kernels.ts';
import { Memory } from './memory.ts';
import { uploadReplicaTable } from './replicas.ts';
import { allocateWeights } from './weights.ts';

/** Sequences, reads and targets as the samplers draw them. */
export async function sample(
  device: Device,
  request: Extract<Request, { op: 'sample' }>,
): Promise<Extract<EngineEvent, { event: 'sampled' }>> {
  const { task, vocabulary, outputs } = request;
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
