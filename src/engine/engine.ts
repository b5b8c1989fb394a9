import { toBase64 } from '../shared/base64.ts';
import type { CellOutcome, EngineEvent, Request } from '../shared/protocol.ts';
import { attentionOf } from './attention/inspect.ts';
import { denseForward } from './dense-forward.ts';
import { type Device, openDevice } from './device.ts';
import { evaluatePack } from './evaluate.ts';
import { EngineFailure } from './failure.ts';
import { forward } from './forward.ts';
import { gradientOf, sampleSequences } from './inspect.ts';
import { Memory } from './memory.ts';
import { Profiler } from './profiler.ts';
import { measureRoofline } from './roofline.ts';
import { trainPack } from './train.ts';
import { tune } from './tune.ts';

type Emit = (event: EngineEvent) => void;

/** The device of the last request that went well: opening one and compiling its shaders costs more than a short request. */
let kept: { adapter: Request['adapter']; device: Device } | undefined;

/**
 * Serves one request: any number of `progress` events, then exactly one final event. Requests come one at a time. Never
 * throws: whatever goes wrong becomes a `failed` event, and the next request gets a fresh device.
 */
export async function handleRequest(request: Request, emit: Emit, gpu: GPU | undefined): Promise<void> {
  const { adapter } = request;
  let device = kept?.adapter === adapter ? kept.device : undefined;
  if (!device) kept?.device.gpu.destroy();
  kept = undefined;
  try {
    device ??= await openDevice(gpu, adapter);
    const final = await Promise.race([serve(device, request, emit), device.failed]);
    kept = { adapter, device };
    emit(final);
  } catch (error) {
    device?.gpu.destroy();
    const reason = error instanceof EngineFailure ? error.reason : 'internal';
    emit({ event: 'failed', reason, message: error instanceof Error ? error.message : String(error) });
  }
}

async function serve(device: Device, request: Request, emit: Emit): Promise<EngineEvent> {
  switch (request.op) {
    case 'probe':
      return { event: 'probed', adapter: device.adapter };
    case 'roofline':
      return { event: 'measured', adapter: device.adapter, roofline: await measureRoofline(device) };
    case 'train':
      return train(device, request, emit);
    case 'forward':
      return request.kernel === 'dense' ? denseForward(device, request) : forward(device, request);
    case 'gradient':
      return gradientOf(device, request);
    case 'tune':
      return { event: 'tuned', adapter: device.adapter, trials: await tune(device, request.shape) };
    case 'attention':
      return attentionOf(device, request);
    case 'sample':
      return sampleSequences(device, request);
  }
}

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
      ...(profiler ? { profile: profiler.finish() } : {}),
    };
  } finally {
    memory.destroy();
  }
}
