import type { Profile } from '../shared/protocol.ts';
import type { Device } from './device.ts';
import { type Dispatch, encode, record } from './dispatch.ts';
import { EngineFailure } from './failure.ts';

/** Queries that a set may hold in WebGPU: two a timed dispatch. */
const QUERIES = 4096;

/** Dispatches timed in one phase at most, so that the trace of a long run still opens. */
const PHASE_SPANS = 40_000;

/** Device times of one submission, in nanoseconds of the device's own clock: begin and end of each timed dispatch. */
interface Timed {
  submittedAt: number;
  kernels: number[];
  stamps: BigUint64Array;
}

/**
 * Times dispatches by timestamp queries, and what the host does around them. Each timed dispatch is a pass of its own: slower than
 * one pass for all, but the same work in the same order, so the same bits.
 */
export class Profiler {
  private readonly device: Device;
  private readonly queries: GPUQuerySet;
  private readonly resolved: GPUBuffer;
  private readonly staging: GPUBuffer;
  private readonly kernels: Profile['kernels'] = [];
  private readonly indices = new Map<Dispatch, number>();
  private readonly host: Profile['host'] = [];
  private readonly timed: Timed[] = [];
  private phase: Profile['kernels'][number]['phase'] = 'train';
  private left = PHASE_SPANS;

  /** @throws EngineFailure when the adapter has no timestamps. */
  constructor(device: Device) {
    const { gpu } = device;
    if (!gpu.features.has('timestamp-query')) {
      throw new EngineFailure('no-timestamps', 'this adapter cannot time its work (no timestamp-query)');
    }
    this.device = device;
    const size = 8 * QUERIES;
    this.queries = gpu.createQuerySet({ type: 'timestamp', count: QUERIES });
    this.resolved = gpu.createBuffer({ size, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
    this.staging = gpu.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  }

  /** Dispatches from here on belong to this phase. */
  begin(phase: typeof this.phase): void {
    this.phase = phase;
    this.left = PHASE_SPANS;
  }

  /** Notes how long the host took over something. */
  async during<T>(name: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.note(name, start);
    }
  }

  /** Submits dispatches `times` over; as many rounds as there are queries for are timed. Resolves when they have run. */
  async submit(dispatches: Dispatch[], times: number): Promise<void> {
    const { gpu, failed } = this.device;
    const start = performance.now();
    const rounds = Math.min(times, Math.floor(Math.min(QUERIES / 2, this.left) / dispatches.length));
    const spans = rounds * dispatches.length;
    const kernels: number[] = [];
    const encoder = gpu.createCommandEncoder();
    for (let round = 0; round < rounds; round++) {
      for (const dispatch of dispatches) {
        const at = 2 * kernels.length;
        const pass = encoder.beginComputePass({
          timestampWrites: {
            querySet: this.queries,
            beginningOfPassWriteIndex: at,
            endOfPassWriteIndex: at + 1,
          },
        });
        encode(pass, dispatch);
        pass.end();
        kernels.push(this.kernelOf(dispatch));
      }
    }
    if (times > rounds) record(encoder, dispatches, times - rounds);
    if (spans > 0) {
      encoder.resolveQuerySet(this.queries, 0, 2 * spans, this.resolved, 0);
      encoder.copyBufferToBuffer(this.resolved, 0, this.staging, 0, 16 * spans);
    }
    gpu.queue.submit([encoder.finish()]);
    const submittedAt = performance.now();
    this.note('submit', start);
    if (spans === 0) return;
    this.left -= spans;
    await Promise.race([this.staging.mapAsync(GPUMapMode.READ, 0, 16 * spans), failed]);
    const stamps = new BigUint64Array(this.staging.getMappedRange(0, 16 * spans).slice(0));
    this.staging.unmap();
    this.timed.push({ submittedAt, kernels, stamps });
  }

  /** Everything noted, in microseconds since the epoch. Frees the queries. */
  finish(): Profile {
    this.queries.destroy();
    this.resolved.destroy();
    this.staging.destroy();
    // One offset between the two clocks: the smallest that lets no submission begin before it was submitted.
    const offsets = this.timed.map(
      ({ submittedAt, stamps }) => epoch(submittedAt) - Number(stamps[0]!) / 1000,
    );
    const offset = Math.max(...offsets);
    const device = this.timed.flatMap(({ kernels, stamps }) =>
      kernels.map((kernel, i): Profile['device'][number] => {
        const [begin, end] = [stamps[2 * i]!, stamps[2 * i + 1]!];
        return [kernel, Number(begin) / 1000 + offset, Number(end - begin) / 1000];
      }),
    );
    return { kernels: this.kernels, device, host: this.host };
  }

  private note(name: string, start: number): void {
    this.host.push([name, epoch(start), 1000 * (performance.now() - start)]);
  }

  private kernelOf(dispatch: Dispatch): number {
    const known = this.indices.get(dispatch);
    if (known !== undefined) return known;
    const { pipeline, x, y, z } = dispatch;
    this.indices.set(dispatch, this.kernels.length);
    return this.kernels.push({ name: pipeline.label, phase: this.phase, groups: [x, y, z] }) - 1;
  }
}

const epoch = (now: number) => 1000 * (performance.timeOrigin + now);
