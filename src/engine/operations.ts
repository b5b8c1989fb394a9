import { toBase64 } from '../shared/base64.ts';
import type { CellOutcome, EngineEvent, Pack, Request } from '../shared/protocol.ts';
import type { Device } from './device.ts';
import type { Emit, Operations } from './engine.ts';
import { evaluatePack } from './evaluate.ts';
import { forward } from './forward.ts';
import { Memory } from './memory.ts';
import { Profiler } from './profiler.ts';
import { measureRoofline } from './roofline.ts';
import { trainPack } from './train.ts';
import { tune } from './tune.ts';

/** What the engine that ships can be asked. */
export const OPERATIONS: Operations<Request, EngineEvent> = {
  probe: async ({ adapter }) => ({ event: 'probed', adapter }),
  roofline: async device => ({
    event: 'measured',
    adapter: device.adapter,
    roofline: await measureRoofline(device),
  }),
  tune: async (device, { shape }) => ({
    event: 'tuned',
    adapter: device.adapter,
    trials: await tune(device, shape),
  }),
  forward,
  train,
};

async function train(
  device: Device,
  { pack, profile }: Extract<Request, { op: 'train' }>,
  emit: Emit,
): Promise<EngineEvent> {
  const memory = new Memory(device);
  const profiler = profile ? new Profiler(device) : undefined;
  try {
    const {
      weights,
      divergedAtStep,
      seconds: trainSeconds,
    } = await trainPack(device, memory, pack, emit, profiler);
    const evaluation = await evaluatePack(device, pack, weights, emit, profiler);
    const { arena, buffer } = weights;
    const cells: CellOutcome[] = [];
    for (const [r, replica] of pack.replicas.entries()) {
      const flat = await memory.read(buffer, 4 * arena.parameterFloats, 4 * r * arena.stride);
      cells.push({
        cell: replica.cell,
        divergedAtStep: divergedAtStep[r]!,
        trainLoss: evaluation.train[r]!.loss,
        trainLossStderr: evaluation.train[r]!.stderr,
        test: pack.test.lengths.map((length, t) => ({ length, ...evaluation.test[t]![r]! })),
        weights: toBase64(new Float32Array(flat)),
      });
    }
    return {
      event: 'trained',
      adapter: device.adapter,
      cells,
      trainSeconds,
      testSeconds: evaluation.seconds,
      trainSequences: pack.steps * pack.batch * pack.replicas.length,
      trainLabels: expectedLabels(pack),
      ...(profiler ? { profile: profiler.finish() } : {}),
    };
  } finally {
    memory.destroy();
  }
}

/** Reads that carry a target in training, in the mean over the lengths that sequences draw. */
function expectedLabels({ steps, batch, positions, lengthMode, replicas }: Pack): number {
  const most = positions === 'last' ? 1 : positions === 'every' ? Number.POSITIVE_INFINITY : positions;
  const ofSequence = (N: number) => {
    if (lengthMode === 'fixed') return Math.min(most, N);
    const lengths = Array.from({ length: N }, (_, i) => Math.min(most, i + 1));
    return lengths.reduce((a, b) => a + b, 0) / N;
  };
  return replicas.reduce((sum, { trainLength }) => sum + steps * batch * ofSequence(trainLength), 0);
}
