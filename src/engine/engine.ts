import type { z } from 'zod';
import { messageOf } from '../shared/errors.ts';
import type { Wanted } from '../shared/feed.ts';
import { type AdapterPreference, controlSchema, type EngineEvent } from '../shared/protocol.ts';
import { type Device, openDevice } from './device.ts';
import { EngineFailure } from './failure.ts';

/** Takes the events of a request, in order. */
export type Emit<E = EngineEvent> = (event: E) => void;

/**
 * Asks the host for sequences (`shared/feed.ts`); resolves to a portion's bytes. One question at a time.
 * @throws Error when the host cannot make them; it knows why.
 */
export type Want = (wanted: Wanted) => Promise<ArrayBuffer>;

/** What a request says, whatever it asks for. */
interface AnyRequest {
  op: string;
  adapter: AdapterPreference;
}

/** Something that may be asked for while a request runs. */
export class Wish {
  private asked = false;

  ask(): void {
    this.asked = true;
  }

  /** Whether it was asked for since the last look. */
  take(): boolean {
    const { asked } = this;
    this.asked = false;
    return asked;
  }
}

/**
 * What the requests R ask for, by their `op`: on a device, with events on the way, to a final event. `state` is the wish for a
 * `state` event, `want` brings sequences that are made on the host.
 */
export type Operations<R extends AnyRequest, E = EngineEvent> = {
  [Op in R['op']]: (
    device: Device,
    request: Extract<R, { op: Op }>,
    emit: Emit,
    state: Wish,
    want: Want,
  ) => Promise<E>;
};

/** Serves requests, one at a time. Whatever carries them hands in JSON and takes events. */
export class Engine<R extends AnyRequest, E = EngineEvent> {
  private readonly requests: z.ZodType<R>;
  private readonly operations: Operations<R, E>;
  private readonly gpu: GPU | undefined;
  /** The device of the last request that went well: opening one and compiling its shaders costs more than a short request. */
  private kept: { adapter: AdapterPreference; device: Device } | undefined;
  /** Of the training under way on hardware. */
  private training: GPUQueue | undefined;
  private state = new Wish();

  /** @param gpu undefined where there is no WebGPU: every request then fails with `no-adapter` */
  constructor(requests: z.ZodType<R>, operations: Operations<R, E>, gpu: GPU | undefined) {
    this.requests = requests;
    this.operations = operations;
    this.gpu = gpu;
  }

  /**
   * Serves one request: any number of events on the way, then exactly one final event. Never throws: whatever goes wrong becomes
   * a `failed` event, and the next request gets a fresh device. A control (`controlSchema`) may come while a request is served.
   */
  async handle(json: string, emit: Emit<E | EngineEvent>, want: Want): Promise<void> {
    const message = JSON.parse(json);
    if (controlSchema.safeParse(message).success) return this.state.ask();
    const parsed = this.requests.safeParse(message);
    if (parsed.success) return this.serve(parsed.data, emit, want);
    const what = parsed.error.issues[0]?.message ?? 'bad request';
    emit({ event: 'failed', reason: 'bad-request', message: what });
  }

  /**
   * Resolves when the adapter's process answers and, while a pack trains on hardware, the queue has done what it was given: training
   * submits little at a time, so that a queue which stands still is a device that hangs. Software may take minutes over a large step.
   */
  async alive(): Promise<void> {
    await this.gpu?.requestAdapter();
    // A device that is lost says so to the training itself.
    await this.training?.onSubmittedWorkDone().catch(() => {});
  }

  private async serve(request: R, emit: Emit<E | EngineEvent>, want: Want): Promise<void> {
    const { adapter } = request;
    let device = this.kept?.adapter === adapter ? this.kept.device : undefined;
    if (!device) this.kept?.device.gpu.destroy();
    this.kept = undefined;
    this.state = new Wish();
    try {
      device ??= await openDevice(this.gpu, adapter);
      if (request.op === 'train' && !device.adapter.software) this.training = device.gpu.queue;
      const operation = this.operations[request.op as R['op']];
      const answer = operation(device, request as Extract<R, { op: R['op'] }>, emit, this.state, want);
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
