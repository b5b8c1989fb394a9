import type { Device } from './device.ts';
import { type Dispatch, submit } from './dispatch.ts';
import type { Profiler } from './profiler.ts';

/** A submission aims at this long: far below a driver's watchdog, far above the cost of submitting. */
const SUBMISSION_MS = 150;

/** What is known of a list of dispatches. */
interface Known {
  /** Time of each dispatch, as it was last measured. */
  costsMs: Float64Array;
  /** How often the list went into the last submission. */
  times: number;
}

/**
 * Runs lists of dispatches in submissions of measured length: several rounds of a short list, parts of a long one. Of a list that is new,
 * every dispatch is a submission of its own. What is computed does not depend on where submissions end.
 */
export class Pace {
  private readonly device: Device;
  private readonly targetMs: number;
  private readonly profiler: Profiler | undefined;
  private readonly known = new WeakMap<Dispatch[], Known>();

  constructor(device: Device, targetMs = SUBMISSION_MS, profiler?: Profiler) {
    this.device = device;
    this.targetMs = targetMs;
    this.profiler = profiler;
  }

  /**
   * Runs a list of dispatches, in order, once or as many times as fit into one submission, at most `most`. `read` reads what they leave
   * back, which ends the wait for them. Gives how often they ran.
   * @throws EngineFailure when the device is lost or memory runs out.
   */
  async run<T>(
    dispatches: Dispatch[],
    most: number,
    read: () => Promise<T>,
  ): Promise<{ times: number; result: T }> {
    const known = this.known.get(dispatches);
    if (!known) return { times: 1, result: await this.first(dispatches, read) };
    const { costsMs } = known;
    const roundMs = costsMs.reduce((sum, ms) => sum + ms, 0);
    const times = Math.max(1, Math.min(most, 2 * known.times, Math.floor(this.targetMs / roundMs)));
    known.times = times;
    for (let begin = 0; ; ) {
      const end = roundMs > this.targetMs ? this.endOf(costsMs, begin) : dispatches.length;
      const whole = end - begin === dispatches.length;
      const part = whole ? dispatches : dispatches.slice(begin, end);
      const submitted = performance.now();
      await this.submit(part, times);
      const result = end === dispatches.length ? await read() : await this.done();
      measured(costsMs.subarray(begin, end), (performance.now() - submitted) / times);
      if (end === dispatches.length) return { times, result: result as T };
      begin = end;
    }
  }

  /** Runs every dispatch of a new list as a submission of its own; waits after the first, after two more, after four more … */
  private async first<T>(dispatches: Dispatch[], read: () => Promise<T>): Promise<T> {
    const costsMs = new Float64Array(dispatches.length);
    for (let begin = 0, size = 1; ; size *= 2) {
      const end = Math.min(dispatches.length, begin + size);
      const submitted = performance.now();
      for (const each of dispatches.slice(begin, end)) await this.submit([each], 1);
      const result = end === dispatches.length ? await read() : await this.done();
      costsMs.subarray(begin, end).fill((performance.now() - submitted) / (end - begin));
      begin = end;
      if (end < dispatches.length) continue;
      this.known.set(dispatches, { costsMs, times: 1 });
      return result as T;
    }
  }

  /** Where a submission ends that begins there: at least one dispatch, and no more than fit. */
  private endOf(costsMs: Float64Array, begin: number): number {
    let end = begin + 1;
    for (let ms = costsMs[begin]!; end < costsMs.length && ms + costsMs[end]! <= this.targetMs; end++)
      ms += costsMs[end]!;
    return end;
  }

  private async submit(dispatches: Dispatch[], times: number): Promise<void> {
    if (this.profiler) await this.profiler.submit(dispatches, times);
    else submit(this.device.gpu, dispatches, times);
  }

  private async done(): Promise<undefined> {
    await Promise.race([this.device.gpu.queue.onSubmittedWorkDone(), this.device.failed]);
    return undefined;
  }
}

/** Has the costs of some dispatches add up to what they took together. */
function measured(costsMs: Float64Array, tookMs: number): void {
  const expectedMs = costsMs.reduce((sum, ms) => sum + ms, 0);
  costsMs.forEach((ms, i) => {
    costsMs[i] = expectedMs > 0 ? (ms * tookMs) / expectedMs : tookMs / costsMs.length;
  });
}
