import { toBase64 } from '../shared/base64.ts';
import type { CellOutcome, EngineEvent, Request } from '../shared/protocol.ts';
import type { Device } from './device.ts';
import type { Emit, Operations, Want, Wish } from './engine.ts';
import { evaluatePack } from './evaluate.ts';
import { EngineFailure } from './failure.ts';
import { forward } from './forward.ts';
import { Memory } from './memory.ts';
import { Profiler } from './profiler.ts';
import { measureRoofline } from './roofline.ts';
import { sample } from './sample.ts';
import { trainPack } from './train.ts';
import { tune } from './tune.ts';
import { wakeUpMs } from './wake-up.ts';

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
  sample,
  forward,
  train,
};

async function train(
  device: Device,
  { pack, profile, resume, stateEverySeconds, submissionMs: workMs }: Extract<Request, { op: 'train' }>,
  emit: Emit,
  wish: Wish,
  want: Want,
): Promise<EngineEvent> {
  if (resume && resume.replicas.length !== pack.replicas.length)
    throw new EngineFailure('bad-request', 'a pack goes on from one state for each of its replicas');
  // What is waited for anyway, for the queue and for what is read, is no reason to submit less.
  const submissionMs = workMs && workMs + 2 * (await wakeUpMs(device));
  const memory = new Memory(device);
  const profiler = profile ? new Profiler(device) : undefined;
  const options = { emit, wish, want, resume, everySeconds: stateEverySeconds, submissionMs, profiler };
  try {
    const trained = await trainPack(device, memory, pack, options);
    const evaluation = await evaluatePack(device, pack, trained, options);
    const { weights, standing } = trained;
    const { arena, buffer } = weights;
    const cells: CellOutcome[] = [];
    for (const [r, replica] of pack.replicas.entries()) {
      const flat = await memory.read(buffer, 4 * arena.parameterFloats, 4 * r * arena.stride);
      cells.push({
        cell: replica.cell,
        divergedAtStep: standing.divergedAtStep[r]!,
        trainLoss: evaluation.train[r]!.loss,
        trainLossStderr: evaluation.train[r]!.stderr,
        test: pack.test.lengths.map((length, t) => ({ length, ...evaluation.test[t]![r]! })),
        weights: toBase64(new Float32Array(flat)),
      });
    }
    const sequences = (pack.steps - (resume?.step ?? 0)) * pack.batch;
    return {
      event: 'trained',
      adapter: device.adapter,
      cells,
      trainSeconds: trained.seconds,
      testSeconds: evaluation.seconds,
      stateSeconds: standing.spentMs / 1000,
      trainSequences: sequences * pack.replicas.length,
      trainLabels: evaluation.labels.reduce((sum, perSequence) => sum + sequences * perSequence, 0),
      ...(profiler ? { profile: profiler.finish() } : {}),
    };
  } finally {
    memory.destroy();
  }
}
