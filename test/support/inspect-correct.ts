import { allocateBatch } from '../../src/engine/batch.ts';
import type { Device } from '../../src/engine/device.ts';
import { submit } from '../../src/engine/dispatch.ts';
import { Kernels } from '../../src/engine/kernels.ts';
import { correctPass } from '../../src/engine/layers/network.ts';
import { Memory } from '../../src/engine/memory.ts';
import { allocateWeights } from '../../src/engine/weights.ts';
import { pathsOf } from '../../src/model/paths.ts';
import { floatsFromBase64, toBase64 } from '../../src/shared/base64.ts';
import type { ModelConfig } from '../../src/shared/model-config.ts';
import type { TestEvent, TestRequest } from './protocol.ts';

/** Which reads are right, by the kernel that evaluation uses. */
export async function correctOf(
  device: Device,
  { outputs, ...request }: Extract<TestRequest, { op: 'correct' }>,
): Promise<Extract<TestEvent, { event: 'judged' }>> {
  // The kernel knows nothing of a model but its outputs.
  const model: ModelConfig = {
    ...{ vocabulary: 2, outputs, activation: 'relu', norm: 'none' },
    ...{ layers: 1, heads: 1, width: 1, keyWidth: 1, mlpWidth: 0 },
    ...{ period: 1, locality: 0, attention: { precision: 'infinite', scale: 1 } },
  };
  const [said, targets, weights] = [request.said, request.targets, request.weights].map(floatsFromBase64);
  const sequences = weights!.length;
  const memory = new Memory(device);
  try {
    const shape = { sequences, longest: 1, reads: 'last' as const, whole: true };
    const batch = allocateBatch(memory, model, 1, shape);
    const kernels = new Kernels(
      memory,
      allocateWeights(memory, model, pathsOf(model, 'last'), 1, sequences),
      {},
    );
    const { queue } = device.gpu;
    queue.writeBuffer(batch.outputs, 0, said!);
    queue.writeBuffer(batch.targets, 0, targets!);
    queue.writeBuffer(batch.weights, 0, weights!);
    const correct = memory.storage('correct', batch.reads.rows);
    submit(device.gpu, await correctPass(kernels, batch, correct));
    const judged = new Float32Array(await memory.read(correct)).subarray(0, sequences);
    return { event: 'judged', adapter: device.adapter, correct: toBase64(judged) };
  } finally {
    memory.destroy();
  }
}
