import type { Device } from '../../src/engine/device.ts';
import { submit } from '../../src/engine/dispatch.ts';
import { RING } from '../../src/engine/kernels.ts';
import { Memory } from '../../src/engine/memory.ts';
import { writeStates } from '../../src/engine/standing.ts';
import { prepareTraining } from '../../src/engine/train.ts';
import { floatsFromBase64, toBase64 } from '../../src/shared/base64.ts';
import type { TestEvent, TestRequest } from './protocol.ts';

type Request<Op extends TestRequest['op']> = Extract<TestRequest, { op: Op }>;
type Event<Name extends TestEvent['event']> = Extract<TestEvent, { event: Name }>;

/** Trains from a state in buffers that an earlier training has left full of NaNs. */
export async function replay(
  device: Device,
  { pack, resume, steps }: Request<'replay'>,
): Promise<Event<'replayed'>> {
  const memory = new Memory(device);
  try {
    const { weights, clock, step } = await prepareTraining(memory, memory, pack);
    const spoilt = resume.replicas.map(replica => ({
      ...replica,
      floats: toBase64(floatsFromBase64(replica.floats).fill(Number.NaN)),
    }));
    writeStates(memory, weights, spoilt);
    submit(device.gpu, step, 3);
    const before = new Float32Array(await memory.read(weights.buffer));
    writeStates(memory, weights, resume.replicas);
    device.gpu.queue.writeBuffer(clock, 0, Uint32Array.of(resume.step, resume.step % RING));
    submit(device.gpu, step, steps);
    const { arena, buffer } = weights;
    const after = new Float32Array(await memory.read(buffer));
    return {
      event: 'replayed',
      spoiled: before.filter(Number.isNaN).length / before.length,
      weights: pack.replicas.map((_, r) =>
        toBase64(after.subarray(r * arena.stride, r * arena.stride + arena.parameterFloats)),
      ),
    };
  } finally {
    memory.destroy();
  }
}
