import { floatsFromBase64, toBase64 } from '../shared/base64.ts';
import type { PackState, ReplicaState } from '../shared/protocol.ts';
import type { Emit, Wish } from './engine.ts';
import type { Memory } from './memory.ts';
import type { Profiler } from './profiler.ts';
import type { Weights } from './weights.ts';

/** Parameters, first and second moments. */
const BLOCKS = 3;

/**
 * Writes parameters and moments of restored replicas into their blocks of the arena. The rest of a block is computed again by the first
 * step.
 * @throws Error when a state is not as long as the model asks.
 */
export function writeStates(memory: Memory, { arena, buffer }: Weights, states: ReplicaState[]): void {
  const { parameterFloats: P, stride, moment1 } = arena;
  const { queue } = memory.device.gpu;
  states.forEach(({ floats }, r) => {
    const own = floatsFromBase64(floats);
    if (own.length !== BLOCKS * P) throw new Error(`a state of ${own.length} floats, expected ${BLOCKS * P}`);
    queue.writeBuffer(buffer, 4 * r * stride, own, 0, P);
    queue.writeBuffer(buffer, 4 * (r * stride + moment1), own, P, 2 * P);
  });
}

/** Parameters and moments of every replica. */
async function readStates(memory: Memory, { arena, buffer, replicas }: Weights): Promise<string[]> {
  const { parameterFloats: P, stride, moment1 } = arena;
  const pieces = Array.from({ length: replicas }, (_, r) => [
    { at: 4 * r * stride, bytes: 4 * P },
    { at: 4 * (r * stride + moment1), bytes: 8 * P },
  ]).flat();
  const all = new Float32Array(await memory.gather(buffer, pieces));
  return Array.from({ length: replicas }, (_, r) =>
    toBase64(all.subarray(BLOCKS * P * r, BLOCKS * P * (r + 1))),
  );
}

export interface StandingOptions {
  emit: Emit;
  /** Asked for from outside. */
  wish: Wish;
  /** Time between two states; none on their own unless given. */
  everySeconds?: number | undefined;
  profiler?: Profiler | undefined;
}

/** States are told so much less often as they take longer than a hundredth of the time between them, up to this factor. */
const MOST_STRETCH = 10;

/** Where a pack stands, told when it was asked for and now and then. */
export class Standing {
  step: number;
  /** First step whose batch loss was not finite, a replica; null where there was none. */
  readonly divergedAtStep: (number | null)[];
  /** Time spent on reading and sending states. */
  spentMs = 0;
  private readonly memory: Memory;
  private readonly weights: Weights;
  private readonly options: StandingOptions;
  private readonly began = performance.now();
  private told = this.began;
  private lastMs = 0;

  constructor(memory: Memory, weights: Weights, options: StandingOptions, resume?: PackState) {
    this.memory = memory;
    this.weights = weights;
    this.options = options;
    this.step = resume?.step ?? 0;
    this.divergedAtStep =
      resume?.replicas.map(replica => replica.divergedAtStep) ?? Array(weights.replicas).fill(null);
  }

  /** Since the pack was begun here. */
  get seconds(): number {
    return (performance.now() - this.began) / 1000;
  }

  /** To be called between submissions: tells where the pack stands if that is wished for or due. */
  async look(): Promise<void> {
    const { wish, everySeconds = Number.POSITIVE_INFINITY } = this.options;
    const everyMs = 1000 * everySeconds;
    const waitMs = Math.max(everyMs, Math.min(100 * this.lastMs, MOST_STRETCH * everyMs));
    if (wish.take() || performance.now() - this.told >= waitMs) await this.tell();
  }

  /** To be called when training ends, so that nothing that comes later can lose it. */
  async ended(): Promise<void> {
    if (this.options.everySeconds !== undefined) await this.tell();
  }

  private async tell(): Promise<void> {
    const { emit, profiler } = this.options;
    const start = performance.now();
    const read = () => readStates(this.memory, this.weights);
    const floats = await (profiler ? profiler.during('read state', read) : read());
    const replicas = floats.map((own, r) => ({ divergedAtStep: this.divergedAtStep[r]!, floats: own }));
    emit({ event: 'state', step: this.step, replicas, seconds: this.seconds });
    this.told = performance.now();
    this.lastMs = this.told - start;
    this.spentMs += this.lastMs;
  }
}
