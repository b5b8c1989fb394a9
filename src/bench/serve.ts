import { type Device, openDevice } from '../engine/device.ts';
import { measureRoofline } from '../engine/roofline.ts';
import { messageOf } from '../shared/errors.ts';
import { poseAttention } from './attention-suite.ts';
import { type Posed, type Prepared, Unsupported } from './contender.ts';
import { poseForward } from './forward-suite.ts';
import { isOurs } from './names.ts';
import type { BenchAnswer, BenchRequest, Problem } from './protocol.ts';
import { shareAdapter } from './same-adapter.ts';
import { poseTraining } from './training-suite.ts';
import { worstError } from './worst-error.ts';

/** What browsers and Node say where the code of a peer is not there to load. */
const ABSENT = /dynamically imported module|Cannot find (package|module)/;

/** The page's side of the conversation: one problem at a time, any number of implementations ready to be timed. */
export class Bench {
  private device: Device | undefined;
  private problem: Posed | undefined;
  private readonly ready = new Map<string, Prepared>();
  private lose: (error: Error) => void = () => {};
  private readonly lost = new Promise<never>((_, reject) => {
    this.lose = reject;
  });
  private readonly gpu: GPU | undefined;

  constructor(gpu: GPU | undefined) {
    this.gpu = gpu;
    this.lost.catch(() => {});
  }

  /** Never throws: whatever goes wrong becomes a `failed` answer. */
  async answer(request: BenchRequest): Promise<BenchAnswer> {
    try {
      return await Promise.race([this.serve(request), this.lost]);
    } catch (error) {
      const absent = ABSENT.test(messageOf(error));
      const { version } = error as { version?: string };
      return {
        event: 'failed',
        problem: absent
          ? 'not in the npm package; bench in a clone has it'
          : `${messageOf(error).split('\n')[0]}${outsideBrowser(request)}`,
        harmless: absent || error instanceof Unsupported,
        ...(version === undefined ? {} : { version }),
      };
    }
  }

  private async serve(request: BenchRequest): Promise<BenchAnswer> {
    switch (request.op) {
      case 'open':
        if (this.gpu && !this.device)
          shareAdapter(this.gpu, request.adapter, message => this.lose(new Error(message)));
        this.device ??= await openDevice(this.gpu, request.adapter);
        return { event: 'opened', adapter: this.device.adapter };
      case 'roofline':
        return { event: 'measured', roofline: await measureRoofline(this.opened()) };
      case 'pose': {
        for (const prepared of this.ready.values()) await prepared.dispose();
        this.ready.clear();
        const began = performance.now();
        this.problem = pose(request.problem);
        return { event: 'posed', referenceMs: performance.now() - began };
      }
      case 'check':
        return this.check(request.implementation);
      case 'time': {
        const prepared = this.ready.get(request.implementation);
        if (!prepared) throw new Error(`${request.implementation} is timed before it is checked`);
        prepared.before?.();
        const began = performance.now();
        await prepared.run();
        return { event: 'timed', ms: performance.now() - began };
      }
    }
  }

  private opened(): Device {
    if (!this.device) throw new Error('the first request must be open');
    return this.device;
  }

  private async check(implementation: string): Promise<BenchAnswer> {
    const device = this.opened();
    if (!this.problem) throw new Error('a check before a problem');
    const { truth, tolerance } = this.problem;
    const contender = await this.problem.load(implementation);
    if (!contender) throw new Unsupported(`${implementation} is not in this suite`);
    try {
      const prepared = await contender.prepare(device);
      prepared.before?.();
      const began = performance.now();
      const first = await prepared.run();
      const coldMs = performance.now() - began;
      const results = (await prepared.prove?.()) ?? first;
      this.ready.set(implementation, prepared);
      return {
        event: 'checked',
        version: contender.version,
        coldMs,
        maxError: worstError(prepared.arrange?.(results) ?? results, truth),
        tolerance,
        sequences: prepared.sequences,
        steps: prepared.steps,
      };
    } catch (error) {
      throw Object.assign(error instanceof Error ? error : new Error(String(error)), {
        version: contender.version,
      });
    }
  }
}

/** What a peer's own complaint does not say where it was not made to run: that there is no browser. */
function outsideBrowser(request: BenchRequest): string {
  const peer = request.op === 'check' && !isOurs(request.implementation);
  return peer && typeof document === 'undefined' ? ' (no browser here: try --runtime chrome)' : '';
}

function pose(problem: Problem): Posed {
  switch (problem.suite) {
    case 'attention':
      return poseAttention(problem);
    case 'forward':
      return poseForward(problem);
    case 'training':
      return poseTraining(problem);
  }
}
