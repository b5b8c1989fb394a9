import { type Portion, unpackPortion, type Wanted } from '../shared/feed.ts';
import { longestRecord } from '../shared/records.ts';
import { type FedTask, formOf, type PackTask } from '../shared/task.ts';
import type { Batch, BatchShape } from './batch.ts';
import { type Dispatch, inOrder } from './dispatch.ts';
import { drawPass, everyPosition, offsetsPass } from './draw.ts';
import type { Want } from './engine.ts';
import { EngineFailure } from './failure.ts';
import { type Kernels, RING } from './kernels.ts';
import type { Memory } from './memory.ts';

/**
 * Words of records that the device holds at once, of sequences of which there are no more; and where it never has all, unless a step needs
 * more.
 */
const WHOLE_WORDS = 24 * 2 ** 20;
const PART_WORDS = 4 * 2 ** 20;
/** Sequences whose places are brought at once, unless a step has more. */
const PLACES = 2 ** 20;

/**
 * Fills a batch as its task says: with what the device holds of a feed, or as it is drawn. `offsets`: as for `drawPass`. `replicas` and
 * `clock` key the random numbers.
 * @throws Error when a task that is made on the host has no feed
 */
export function sequencesPass(
  kernels: Kernels,
  batch: Batch,
  { task, offsets, feed }: { task: PackTask; offsets: number | null; feed: Feed | undefined },
  replicas: GPUBuffer,
  clock: GPUBuffer,
): Promise<Dispatch[]> {
  if (task.source === 'device') return drawPass(kernels, batch, { task, offsets }, replicas, clock);
  if (!feed) throw new Error(`nothing feeds the task ${task.name}`);
  return inOrder([feed.pass(kernels, batch, clock), offsetsPass(kernels, batch, offsets, replicas, clock)]);
}

/** What is fed, and to how many. */
export interface Feeding {
  task: FedTask;
  /** Null: training; else of the evaluation, 0: training sequences, then the test lengths in order. */
  point: number | null;
  replicas: number;
  outputs: number;
  /** Of the batches; `sequences` of a replica. */
  shape: Pick<BatchShape, 'sequences' | 'longest' | 'reads'>;
}

/** Words of the longest record of a point, and of all that there are; null: there is no end to them. */
function wordsOf({ task, point, outputs, shape }: Feeding): { mostWords: number; words: number | null } {
  if (task.source === 'host') return task.points[point ?? 0]!;
  return { mostWords: longestRecord({ ...shape, form: formOf(task), outputs }), words: null };
}

/**
 * Sequences that are made on the host, as far as the device holds them: many steps at a time, the next of them asked for as soon as it
 * holds some. Where
 * all records that there are fit they are brought once, and from then on only which of them each step reads.
 */
export class Feed {
  private readonly memory: Memory;
  private readonly want: Want;
  private readonly feeding: Feeding;
  private readonly room: number;
  private readonly steps: number;
  private readonly window: GPUBuffer;
  private readonly recordStarts: GPUBuffer;
  private readonly records: GPUBuffer;
  private held = { first: 0, count: 0 };
  private complete = false;
  private ahead: { first: number; portion: Promise<ArrayBuffer> } | undefined;

  constructor(memory: Memory, want: Want, feeding: Feeding) {
    const { point, replicas, shape } = feeding;
    const { words, mostWords } = wordsOf(feeding);
    const step = replicas * shape.sequences;
    this.memory = memory;
    this.want = want;
    this.feeding = feeding;
    this.room = words !== null && words <= WHOLE_WORDS ? words : Math.max(PART_WORDS, step * mostWords);
    this.steps = point === null ? Math.max(1, Math.min(RING, Math.floor(PLACES / step))) : 1;
    this.window = memory.uniform('window', Uint32Array.of(0));
    this.recordStarts = memory.storage('record starts', this.steps * step);
    this.records = memory.storage('records', this.room);
  }

  /** Takes the tokens of a batch, which positions are read, and their targets out of what the device holds for the step of `clock`. */
  pass(kernels: Kernels, batch: Batch, clock: GPUBuffer): Promise<Dispatch[]> {
    const { window, recordStarts, records } = this;
    const { lengths, tokens, targets, weights, labels, shape } = batch;
    const { space, starts, positions, owners } = batch.reads;
    const threads = shape.sequences;
    const from = { window, clock, recordStarts, records };
    const [many, placed] = [shape.reads !== 'last', typeof shape.reads === 'number'];
    const constants = {
      ...{ MANY_READS: many, PLACED: placed, CLASSES: formOf(this.feeding.task) === 'classes' },
    };
    return inOrder([
      kernels.run('unpackSequences', { ...from, batch: batch.batch, lengths, tokens }, { threads }),
      everyPosition(kernels, batch),
      ...(placed
        ? [kernels.run('unpackStarts', { ...from, space, starts }, { threads: batch.replicas, replicas: 1 })]
        : []),
      kernels.run(
        'unpackTargets',
        {
          ...{ ...from, space, targets },
          ...(many ? { weights, starts, positions } : {}),
          ...(placed ? { owners } : {}),
        },
        { threads },
        constants,
      ),
      ...(many
        ? [kernels.run('labelCount', { space, weights, labels }, { groups: batch.replicas, replicas: 1 })]
        : []),
    ]);
  }

  /**
   * Has the device hold what training step `step` reads, after everything that was submitted so far. Resolves to how many steps it holds
   * from there.
   * @param end the step after the last
   * @throws EngineFailure when the host makes none
   */
  async holdStep(step: number, end: number): Promise<number> {
    const { first, count } = this.held;
    if (step < first || step >= first + count) {
      const portion = await this.take(step, end);
      this.hold(step, portion);
      const next = step + portion.count;
      if (next < end) this.ahead = this.ask(next, end);
    }
    return this.held.first + this.held.count - step;
  }

  /** As `holdStep`, the batch of an evaluation that begins with sequence `first` of each replica, of `end` sequences. */
  async holdSequences(first: number, end: number): Promise<void> {
    this.hold(0, await this.take(first, end));
    const next = first + this.feeding.shape.sequences;
    if (next < end) this.ahead = this.ask(next, end);
  }

  private async take(first: number, end: number): Promise<Portion> {
    const asked = this.ahead?.first === first ? this.ahead : this.ask(first, end);
    this.ahead = undefined;
    try {
      return unpackPortion(await asked.portion);
    } catch (error) {
      throw new EngineFailure('internal', 'the host makes no sequences', { cause: error });
    }
  }

  private ask(first: number, end: number): { first: number; portion: Promise<ArrayBuffer> } {
    const { point, shape } = this.feeding;
    const count = point === null ? Math.min(this.steps, end - first) : shape.sequences;
    const wanted: Wanted = { point, first, count, room: this.room, complete: this.complete };
    const portion = this.want(wanted);
    // What goes wrong is seen when the portion is needed, if it ever is.
    portion.catch(() => {});
    return { first, portion };
  }

  private hold(first: number, { count, starts, records, complete }: Portion): void {
    if (4 * starts.length > this.recordStarts.size || 4 * (records?.length ?? 0) > this.records.size)
      throw new EngineFailure('internal', 'the host made more sequences than there is room for');
    const { queue } = this.memory.device.gpu;
    queue.writeBuffer(this.window, 0, Uint32Array.of(first));
    queue.writeBuffer(this.recordStarts, 0, starts as Uint32Array<ArrayBuffer>);
    if (records) queue.writeBuffer(this.records, 0, records as Uint32Array<ArrayBuffer>);
    this.complete ||= complete === true;
    this.held = { first, count };
  }
}
