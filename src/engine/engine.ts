import type { z } from 'zod';
import { messageOf } from '../shared/errors.ts';
import type { AdapterPreference, EngineEvent } from '../shared/protocol.ts';
import { type Device, openDevice } from './device.ts';
import { EngineFailure } from './failure.ts';

/** Takes the events of a request, in order. */
export type Emit<E = EngineEvent> = (event: E) => void;

/** What a request says, whatever it asks for. */
interface AnyRequest {
  op: string;
  adapter: AdapterPreference;
}

/** What the requests R ask for, by their `op`: on a device, with `progress` events on the way, to a final event. */
export type Operations<R extends AnyRequest, E = EngineEvent> = {
  [Op in R['op']]: (device: Device, request: Extract<R, { op: Op }>, emit: Emit) => Promise<E>;
};

/** Serves requests, one at a time. Whatever carries them hands in JSON and takes events. */
export class Engine<R extends AnyRequest, E = EngineEvent> {
  private readonly requests: z.ZodType<R>;
  private readonly operations: Operations<R, E>;
  private readonly gpu: GPU | undefined;
  /** The device of the last request that went well: opening one and compiling its shaders costs more than a short request. */
  private kept: { adapter: AdapterPreference; device: Device } | undefined;
  /** Of the training under way. */
  private training: GPUQueue | undefined;

  /** @param gpu undefined where there is no WebGPU: every request then fails with `no-adapter` */
  constructor(requests: z.ZodType<R>, operations: Operations<R, E>, gpu: GPU | undefined) {
    this.requests = requests;
    this.operations = operations;
    this.gpu = gpu;
  }

  /**
   * Serves one request: any number of `progress` events, then exactly one final event. Never throws: whatever goes wrong becomes
   * a `failed` event, and the next request gets a fresh device.
   */
  async handle(requestJson: string, emit: Emit<E | EngineEvent>): Promise<void> {
    const parsed = this.requests.safeParse(JSON.parse(requestJson));
    if (parsed.success) return this.serve(parsed.data, emit);
    const message = parsed.error.issues[0]?.message ?? 'bad request';
    emit({ event: 'failed', reason: 'bad-request', message });
  }

  /**
   * Resolves when the adapter's process answers and, while a pack trains, the queue has done what it was given: training submits little at
   * a time, so that a queue which stands still is a device that hangs.
   */
  async alive(): Promise<void> {
    await this.gpu?.requestAdapter();
    // A device that is lost says so to the training itself.
    await this.training?.onSubmittedWorkDone().catch(() => {});
  }

  private async serve(request: R, emit: Emit<E | EngineEvent>): Promise<void> {
    const { adapter } = request;
    let device = this.kept?.adapter === adapter ? this.kept.device : undefined;
    if (!device) this.kept?.device.gpu.destroy();
    this.kept = undefined;
    try {
      device ??= await openDevice(this.gpu, adapter);
      if (request.op === 'train') this.training = device.gpu.queue;
      const operation = this.operations[request.op as R['op']];
      const answer = operation(device, request as Extract<R, { op: R['op'] }>, emit);
      const final = await Promise.race([answer, device.failed]);
      this.kept = { adapter, device };
      emit(final);
    } catch (error) {
      device?.gpu.destroy();
      const reason = error instanceof EngineFailure ? error.reason : 'internal';
      emit({ event: 'failed', reason, message: messageOf(error) });
    } finally {
      this.training = undefined;
    }
  }
}
